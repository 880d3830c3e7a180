
--
-- sex
--
CREATE TYPE osms.sex AS ENUM ('male', 'female');
COMMENT ON TYPE osms.sex IS 'sex of a person, as the pyramid and its weights use it; NULL where it is not known';

CREATE FUNCTION osms.read_sex(text) RETURNS osms.sex
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'read_sex';
COMMENT ON FUNCTION osms.read_sex(text) IS
'sex from a register''s code or word (m/f, ISO 5218 digits 1/2, letters and full words in English, Russian and Kazakh; case,
outer spaces and a final point do not matter)
NULL where it tells no sex';
