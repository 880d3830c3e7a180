
--
-- channel: by which way an application comes, and which identification counts
-- there, as dated rows. For a day the row with the latest valid_from, then the
-- latest known_from, wins.
--
CREATE TABLE osms.channel (
    channel text NOT NULL,
    methods text[] NOT NULL,
    clerk_methods text[] NOT NULL DEFAULT '{}',
    clerk_role text,
    writer name,
    LIKE osms_internal.dated_row INCLUDING ALL,
    PRIMARY KEY (channel, valid_from, known_from)
);
COMMENT ON TABLE osms.channel IS
'channels of applications and the identification that counts in each
closing a channel is a row without methods; rows are only added';
COMMENT ON COLUMN osms.channel.channel IS 'name of the channel';
COMMENT ON COLUMN osms.channel.methods IS 'identification methods that count by themselves';
COMMENT ON COLUMN osms.channel.clerk_methods IS 'methods that count when a clerk of the registry has seen them';
COMMENT ON COLUMN osms.channel.clerk_role IS 'role that clerk must have in the registry; NULL = any';
COMMENT ON COLUMN osms.channel.writer IS
    'database role whose members may record identity events of the channel; NULL = whoever may write the table';

-- How sure the channel itself is. Which methods count there is told of eGov
-- alone (an authority's order needs none), and is as sure as rule identified.
INSERT INTO osms.channel (channel, methods, clerk_methods, valid_from, known_from, act, tag) VALUES
    ('service_centre', '{biometric,digital_document}', '{document}', '-infinity', '-infinity', 'osms:attachment', 'UNV'),
    ('egov', '{e_signature}', '{}', '-infinity', '-infinity', 'osms:attachment', 'OFFICIAL'),
    ('clinic', '{e_signature,biometric,digital_document,sms_code}', '{document}', '-infinity', '-infinity', 'osms:attachment', 'OFFICIAL'),
    ('insurer', '{}', '{document}', '-infinity', '-infinity', 'osms:attachment', 'PRESS'),
    ('maternity', '{}', '{document}', '-infinity', '-infinity', 'osms:attachment', 'PRESS'),
    ('authority_order', '{}', '{}', '-infinity', '-infinity', 'osms:attachment', 'TEXT');

CALL osms_internal.keep_as_law('osms.channel');

-- Materialized, for it is looked at for every application of an audit.
CREATE VIEW osms_internal.channel_period AS
    WITH period AS MATERIALIZED (
        SELECT c.channel, c.methods, c.clerk_methods, c.clerk_role, c.writer, c.valid_from,
               coalesce(lead(c.valid_from) OVER (PARTITION BY c.channel ORDER BY c.valid_from, c.known_from), 'infinity') AS valid_to, c.act
        FROM osms.channel c)
    SELECT * FROM period;
COMMENT ON VIEW osms_internal.channel_period IS
'osms.channel with the days on which each row is in force: from valid_from to before valid_to
no day where a later known row replaced it';
