
--
-- tile: where each region stands on the map of the report, as dated rows.
--
CREATE TABLE osms.region_tile (
    region text NOT NULL,
    name text NOT NULL,
    tile_column integer NOT NULL CHECK (tile_column BETWEEN 1 AND 20),
    tile_row integer NOT NULL CHECK (tile_row BETWEEN 1 AND 20),
    LIKE osms_internal.dated_row INCLUDING ALL,
    PRIMARY KEY (region, valid_from, known_from)
);
COMMENT ON TABLE osms.region_tile IS
'regions on a map of square tiles, read by osms.report: a picture, not law
Of each region the latest row holds; one that has none is shown behind the map; rows are only added';
COMMENT ON COLUMN osms.region_tile.region IS
    'region as the registry writes it; what the extension brings are two digits of the classifier of territories';
COMMENT ON COLUMN osms.region_tile.name IS 'name on the tile';
COMMENT ON COLUMN osms.region_tile.tile_column IS 'column of the tile, 1 in the west';
COMMENT ON COLUMN osms.region_tile.tile_row IS 'row of the tile, 1 in the north';
COMMENT ON COLUMN osms.region_tile.act IS 'act or other ground for it';

INSERT INTO osms.region_tile (region, name, tile_column, tile_row, valid_from, known_from, act)
SELECT t.region, t.name, t.tile_column, t.tile_row, '-infinity', '-infinity', 'osms:geography'
FROM (VALUES
    ('59', 'North Kazakhstan', 4, 1), ('55', 'Pavlodar', 5, 1),
    ('27', 'West Kazakhstan', 1, 2), ('15', 'Aktobe', 2, 2), ('39', 'Kostanay', 3, 2), ('11', 'Akmola', 4, 2), ('71', 'Astana', 5, 2),
        ('10', 'Abai', 6, 2), ('63', 'East Kazakhstan', 7, 2),
    ('23', 'Atyrau', 1, 3), ('62', 'Ulytau', 4, 3), ('35', 'Karaganda', 5, 3), ('33', 'Zhetysu', 6, 3),
    ('47', 'Mangystau', 1, 4), ('43', 'Kyzylorda', 3, 4), ('61', 'Turkistan', 4, 4), ('31', 'Zhambyl', 5, 4), ('19', 'Almaty region', 6, 4),
    ('79', 'Shymkent', 4, 5), ('75', 'Almaty', 6, 5)) AS t (region, name, tile_column, tile_row);

CALL osms_internal.keep_as_law('osms.region_tile');
