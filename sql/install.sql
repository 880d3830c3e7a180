CREATE EXTENSION osms;
SELECT extname, e.extnamespace::regnamespace, extrelocatable, n.nspowner = e.extowner AS own, n.nspacl IS NOT NULL AS granted
FROM pg_extension e, pg_namespace n WHERE extname = 'osms' AND nspname = 'osms';
