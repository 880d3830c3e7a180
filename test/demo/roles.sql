-- Who writes into the legacy tables: the vendor of the clinics' software, the
-- service centres, and the civil registry. Each has rights on what it works
-- with and no others; none may read persons but by number.

CREATE ROLE mis LOGIN;
CREATE ROLE tson LOGIN;
CREATE ROLE zags LOGIN;

GRANT USAGE ON SCHEMA legacy TO mis, tson, zags;
GRANT SELECT, INSERT, UPDATE, DELETE ON legacy.prikreplenie TO mis;
GRANT SELECT, INSERT, UPDATE ON legacy.zayavlenie TO mis, tson;
GRANT INSERT ON legacy.identifikaciya TO mis, tson;
GRANT SELECT (iin), INSERT, UPDATE (d_smerti) ON legacy.fizlico TO zags;
