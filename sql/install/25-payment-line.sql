
--
-- invoice: the lines of the act, the classifier of defects, and the bands of
-- the monthly form, as dated rows like the rest of the tariff.
--
CREATE TABLE osms.payment_line (
    line text NOT NULL,
    title text NOT NULL,
    computed boolean NOT NULL DEFAULT false,
    place integer NOT NULL,
    LIKE osms_internal.dated_row INCLUDING ALL,
    PRIMARY KEY (line, valid_from, known_from)
);
COMMENT ON TABLE osms.payment_line IS 'lines of the act of a month, read by osms.invoice; rows are only added';
COMMENT ON COLUMN osms.payment_line.line IS 'code of the line';
COMMENT ON COLUMN osms.payment_line.title IS 'what is paid by it';
COMMENT ON COLUMN osms.payment_line.computed IS 'whether osms computes it; the others are entered as rows of the relation adjustment';
COMMENT ON COLUMN osms.payment_line.place IS 'place in the act';

CREATE TABLE osms.sanction (
    code text NOT NULL,
    title text NOT NULL,
    multiple numeric NOT NULL CHECK (multiple >= 0 AND multiple < 'Infinity'),
    LIKE osms_internal.dated_row INCLUDING ALL,
    PRIMARY KEY (code, valid_from, known_from)
);
COMMENT ON TABLE osms.sanction IS 'what a defect of primary care costs, in multiples of the rate; rows are only added';
COMMENT ON COLUMN osms.sanction.code IS 'code of the defect in the classifier';
COMMENT ON COLUMN osms.sanction.title IS 'the defect';
COMMENT ON COLUMN osms.sanction.multiple IS 'multiple of the rate (tenge per person and month) of the organisation for each case';

CREATE TABLE osms.form_band (
    age_from integer NOT NULL CHECK (age_from >= 0),
    age_to integer CHECK (age_to > age_from),
    title text NOT NULL,
    LIKE osms_internal.dated_row INCLUDING ALL,
    PRIMARY KEY (age_from, valid_from, known_from)
);
COMMENT ON TABLE osms.form_band IS
'age bands of the monthly form
The rows of one valid_from and known_from are an edition that holds whole; rows are only added';
COMMENT ON COLUMN osms.form_band.age_from IS 'first age, completed years';
COMMENT ON COLUMN osms.form_band.age_to IS 'age before which the band ends, years; NULL = open';
COMMENT ON COLUMN osms.form_band.title IS 'the band as the form writes it';

INSERT INTO osms.payment_line (line, title, computed, place, valid_from, known_from, act, point, tag)
SELECT l.line, l.title, l.line = 'PMSP', l.place, '-infinity', '-infinity', 'osms:payment', l.point, 'TEXT'
FROM (VALUES ('PMSP', 'primary care for the attached population, by the per-capita rate', 1, '41(1), 42'),
      ('NMP4', 'urgent care of the fourth category', 2, '41(2), 43'),
             ('PKU', 'low-protein foods for phenylketonuria', 3, '41(3), 44, 49'),
                 ('SPLIT', 'split-up of overgrown urban clinics', 4, '41(4), 45'),
             ('AMB_DRV', 'extra pay of ambulance drivers', 5, '41(5)'), ('AMB_STAFF', 'extra pay of ambulance staff', 6, '41(6)'),
             ('SCHOOL', 'school medicine', 7, '41(7), 48'), ('SK', 'incentive component', 8, '41(8), 54-59'))
                 AS l (line, title, place, point);

-- That a defect under another (5.2 under 5.0) costs what the other does is inferred.
INSERT INTO osms.sanction (code, title, multiple, valid_from, known_from, act, point, tag)
SELECT s.code, s.title, s.multiple, '2026-03-01', '-infinity', 'osms:monitoring', 'annex 1', CASE WHEN s.code LIKE '%.0' THEN 'TEXT'
    ELSE 'INF' END
FROM (VALUES
    ('1.0', 'unjustified care', 20),
    ('1.2', 'unjustified referral or diagnostics', 20),
    ('2.0', 'records defect', 0),
    ('3.0', 'overstated volume', 10),
    ('3.1', 'inflated number of services', 10),
    ('3.2', 'dearer service than needed', 10),
    ('5.0', 'unconfirmed case of care', 100),
    ('5.1', 'unconfirmed case put on the invoice', 100),
    ('5.2', 'attachment to another PHC organisation without notice to and consent of the person', 100),
    ('6.0', 'deviation from standards', 5),
    ('6.1', 'late or wrong treatment with bad outcome', 5),
    ('6.2', 'breach of health legislation', 5),
    ('6.3', 'late supply of medicines', 5),
    ('6.4', 'unjustified prescription', 5),
    ('7.0', 'wait longer than 15 working days', 0),
    ('8.0', 'justified complaint', 30),
    ('9.0', 'death not payable / death at outpatient or ambulance level', 50),
    ('10.0', 'clinical and post-mortem diagnoses differ', 20),
    ('11.0', 'service outside the contract', 30),
    ('12.0', 'charging for covered care', 50),
    ('12.1', 'patient made to bring own medicines', 50),
    ('12.2', 'patient made to pay money', 50),
    ('12.3', 'paid service put on the invoice', 50)) AS s (code, title, multiple);

INSERT INTO osms.form_band (age_from, age_to, title, valid_from, known_from, act, point, tag)
SELECT b.age_from, b.age_to, b.title, '-infinity', '-infinity', 'osms:invoice', 'annex 1', CASE WHEN b.age_from IN (0, 30, 70) THEN 'NOTES'
    ELSE 'INF' END
FROM (VALUES (0, 1, '0-12 months'), (1, 5, '12 months - 4 years'), (5, 10, '5-9'), (10, 15, '10-14'), (15, 20, '15-19'), (20, 30, '20-29'),
             (30, 40, '30-39'), (40, 50, '40-49'), (50, 60, '50-59'), (60, 70, '60-69'), (70, NULL, '70 and over'))
                 AS b (age_from, age_to, title);

CALL osms_internal.keep_as_law('osms.payment_line');
CALL osms_internal.keep_as_law('osms.sanction');
CALL osms_internal.keep_as_law('osms.form_band');
