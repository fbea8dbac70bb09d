"""`gridmap match`: every row and column is kept as it was, the answers are added, and a file is written whole or not at all."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import Transformer
from typer.testing import CliRunner

from gridmap.cli import app
from gridmap.errors import ColumnMissing, FileMissing, FileUnreadable, FolderMissing, Refusal
from gridmap.flows.match_file import MatchedFile, MatchOptions, match_file
from gridmap.flows.place_points import AreasCrsNeeded
from gridmap.geometry.datums import Datum, from_wgs84
from gridmap.grid import How
from gridmap.matching.files.opening import ColumnTaken, CoordinatesUnnamed, PointsKindUnknown
from gridmap.matching.files.portion import ADDED, PORTION_ROWS
from gridmap.matching.files.table import ColumnNotNumbers, ColumnNotText, TablePoints
from gridmap.matching.files.text import QuoteOpen, RowUneven, TextEmpty, TextUnreadable
from gridmap.tables.export import OutputExists

WEST, EAST = shapely.box(113.0, 28.0, 113.01, 28.01), shapely.box(113.01, 28.0, 113.02, 28.01)
IN_WEST, IN_EAST, AT_BORDER, AWAY = (113.005, 28.005), (113.015, 28.005), (113.01002, 28.005), (113.021, 28.005)


@pytest.fixture
def areas(tmp_path: Path) -> Path:
    """Two areas side by side whose codes a spreadsheet would spoil."""
    path = tmp_path / "areas.geojson"
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": shapely.geometry.mapping(shape)}
        for code, shape in (("06", WEST), ("1,5", EAST))
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


class Bench:
    """Writes a points file, matches it, reads what came out."""

    def __init__(self, folder: Path, areas: Path) -> None:
        self.folder, self.areas, self.out = folder, areas, folder / "out.csv"

    def match(self, content: str | bytes, name: str = "points.csv", **options: Any) -> MatchedFile:
        points = self.folder / name
        points.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.match_path(points, **options)

    def match_path(self, points: Path, **options: Any) -> MatchedFile:
        return match_file(points, self.areas, self.out, MatchOptions(code="code", **options))

    def rows(self, delimiter: str = ",", encoding: str = "utf-8-sig") -> list[dict[str, str]]:
        with self.out.open(encoding=encoding, newline="") as file:
            return list(csv.DictReader(file, delimiter=delimiter))

    def refused(self, kind: type[Refusal], content: str | bytes, name: str = "points.csv", **options: Any) -> str:
        """What the refusal says; nothing is left behind."""
        before = set(self.folder.iterdir()) | {self.folder / name}
        with pytest.raises(kind) as told:
            self.match(content, name, **options)
        assert set(self.folder.iterdir()) == before
        return told.value.text("zh") and told.value.text("en")


@pytest.fixture
def bench(tmp_path: Path, areas: Path) -> Bench:
    return Bench(tmp_path, areas)


def points_csv(*points: tuple[float, float]) -> str:
    return "id,lon,lat\n" + "".join(f"{n},{lon},{lat}\n" for n, (lon, lat) in enumerate(points))


def test_each_row_is_told_whose_it_is_and_how_sure_that_is(bench: Bench) -> None:
    done = bench.match(points_csv(IN_WEST, IN_EAST, AT_BORDER, AWAY) + "4,,\n5,abc,28\n", snap_m=50)
    rows = bench.rows()
    assert [row["match_code"] for row in rows] == ["06", "1,5", "1,5", "", "", ""]
    assert [row["match_how"] for row in rows] == ["inside", "inside", "border", "outside", "invalid", "invalid"]
    assert [row["match_distance_m"] for row in rows] == ["0.00", "0.00", "0.00", "98.36", "", ""]
    assert [row["match_border_m"] for row in rows] == ["491.79", "491.79", "1.97", "", "", ""]
    assert done.rows == 6
    assert done.by_how == {How.INSIDE: 2, How.BORDER: 1, How.NEAREST: 0, How.OUTSIDE: 1, How.INVALID: 2}


def test_snapping_and_accuracy_are_chosen_in_metres(bench: Bench) -> None:
    bench.match(points_csv(IN_WEST, AT_BORDER, AWAY), accuracy_m=1, snap_m=99)
    assert [(row["match_code"], row["match_how"]) for row in bench.rows()] == [("06", "inside"), ("1,5", "inside"), ("1,5", "nearest")]


def test_the_text_of_every_row_stays_as_it_was(bench: Bench) -> None:
    kept = [
        "a,b,lon,lat,c\r\n",
        '06,"say ""hi""",113.005,28.005,"two\r\nlines"\r\n',
        ' 007 ,,113.015,28.005,"x,y"\r\n',
        "1e3,NULL, 113.005 ,+28.005,",
    ]
    bench.match("".join(kept))
    with bench.out.open(newline="") as file:
        written = file.read()
    assert written == (
        f"a,b,lon,lat,c,{','.join(ADDED)}\r\n"
        '06,"say ""hi""",113.005,28.005,"two\r\nlines",06,inside,0.00,491.79\r\n'
        ' 007 ,,113.015,28.005,"x,y","1,5",inside,0.00,491.79\r\n'
        "1e3,NULL, 113.005 ,+28.005,,06,inside,0.00,491.79\r\n"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_found_kept_and_told_if_it_is_old(bench: Bench, encoding: str) -> None:
    done = bench.match("名称,经度,纬度\n河东,113.005,28.005\n".encode(encoding))
    assert bench.out.read_bytes() == f"名称,经度,纬度,{','.join(ADDED)}\n河东,113.005,28.005,06,inside,0.00,491.79\n".encode(encoding)
    assert done.columns == ("经度", "纬度")
    assert [note.key for note in done.notes] == (["cli.match_gb18030"] if encoding == "gb18030" else [])


@pytest.mark.parametrize(
    ("delimiter", "lon"),
    [(";", "113,005"), (";", "113.005"), ("\t", "113.005"), ("|", "113.005")],
    ids=["comma", "semicolon", "tab", "bar"],
)
def test_the_delimiter_is_found_and_kept(bench: Bench, delimiter: str, lon: str) -> None:
    bench.match(delimiter.join(["id, old", "Longitude", "LATITUDE"]) + "\n" + delimiter.join(["1", lon, "28.005"]) + "\n")
    assert [row["match_code"] for row in bench.rows(delimiter)] == ["06"]


def test_rows_that_break_off_are_filled_and_blank_lines_are_no_rows(bench: Bench) -> None:
    done = bench.match("lon,lat,a,b\n113.005,28.005\n\n113.015,28.005,1\n\n")
    assert done.rows == 2
    assert [(row["a"], row["b"], row["match_code"]) for row in bench.rows()] == [("", "", "06"), ("1", "", "1,5")]


def test_numbers_that_only_python_would_read_are_not_read(bench: Bench) -> None:
    done = bench.match("lon,lat\n1_13.005,28.005\nnan,28\ninf,28\n0x71,28\n")
    assert done.by_how[How.INVALID] == 4


def test_many_portions_keep_their_order(bench: Bench) -> None:
    number = PORTION_ROWS + 5
    bench.match("id,lon,lat\n" + "".join(f"{n},{(IN_WEST, IN_EAST)[n % 2][0]},28.005\n" for n in range(number)))
    rows = bench.rows()
    assert [row["id"] for row in rows] == [str(n) for n in range(number)]
    assert {(int(row["id"]) % 2, row["match_code"]) for row in rows} == {(0, "06"), (1, "1,5")}


def test_behind_many_plain_lines_quotes_and_faults_are_found_at_their_line(bench: Bench) -> None:
    plain = "id,lon,lat\n" + "".join(f"{n},113.005,28.005\n" for n in range(PORTION_ROWS + 3))
    done = bench.match(plain + '"two\nlines",113.015,28.005\nlast,113.005,28.005\n')
    assert done.rows == PORTION_ROWS + 5
    assert [(row["id"], row["match_code"]) for row in bench.rows()[-2:]] == [("two\nlines", "1,5"), ("last", "06")]
    bench.out.unlink()
    at = PORTION_ROWS + 5
    for kind, fault in ((RowUneven, "1,2,3,4\n"), (QuoteOpen, '1,2,"3\n')):
        assert f"Line {at} " in bench.refused(kind, plain + fault).replace(",", "").replace(":", " ")


def test_packed_text_is_read_and_written(bench: Bench) -> None:
    bench.out = bench.folder / "out.csv.gz"
    bench.match(gzip.compress(points_csv(IN_WEST).encode()), "points.csv.gz")
    assert gzip.decompress(bench.out.read_bytes()).decode().endswith("0,113.005,28.005,06,inside,0.00,491.79\n")


def test_a_table_keeps_its_types_nulls_and_metadata(bench: Bench) -> None:
    table = pa.table(
        {"id": pa.array([1, None, 3], pa.int16()), "tags": [["a"], [], None], "lng": [113.005, None, 113.021], "lat": [28.005, 28, 28.005]}
    ).replace_schema_metadata({"owner": "county"})
    pq.write_table(table, bench.folder / "points.parquet")
    bench.out = bench.folder / "out.parquet"
    done = bench.match_path(bench.folder / "points.parquet")
    before, found = pq.read_table(bench.folder / "points.parquet"), pq.read_table(bench.out)
    assert done.columns == ("lng", "lat")
    assert found.select(table.column_names).equals(before, check_metadata=True)
    assert found.select(ADDED).to_pydict() == {
        "match_code": ["06", None, None],
        "match_how": ["inside", "invalid", "outside"],
        "match_distance_m": [0.0, None, 98.36],
        "match_border_m": [491.79, None, None],
    }


def test_codes_are_texts_to_readers_and_a_dictionary_of_the_file_stays_one(bench: Bench) -> None:
    """However they are written: types and least and greatest values are as they would be, but for the codes', which would cost as much."""
    kinds = pa.array(["drain", None, "road"]).dictionary_encode()
    pq.write_table(pa.table({"kind": kinds, "lng": [113.005, None, 113.021], "lat": [28.005, 28, 28.005]}), bench.folder / "points.parquet")
    bench.out = bench.folder / "out.parquet"
    bench.match_path(bench.folder / "points.parquet")
    assert [str(field.type) for field in pq.read_schema(bench.out)][-4:] == ["string", "string", "double", "double"]
    assert pq.read_table(bench.out).column("kind").type == kinds.type
    group = pq.ParquetFile(bench.out).metadata.row_group(0)
    told = {group.column(at).path_in_schema: group.column(at).is_stats_set for at in range(group.num_columns)}
    assert [name for name, known in told.items() if not known] == ["match_code", "match_how"]


def geoparquet(path: Path, column: pa.Array, crs: Any, encoding: str = "WKB") -> None:
    geo = {"version": "1.1.0", "primary_column": "place", "columns": {"place": {"encoding": encoding, "geometry_types": [], "crs": crs}}}
    pq.write_table(pa.table({"id": range(len(column)), "place": column}).replace_schema_metadata({"geo": json.dumps(geo)}), path)


def test_points_of_a_geoparquet_file_are_found_in_their_own_system(bench: Bench) -> None:
    there = Transformer.from_crs(4326, 4547, always_xy=True)
    places = [shapely.Point(there.transform(*IN_WEST)), None, shapely.Point(there.transform(*IN_EAST)), shapely.box(0, 0, 1, 1)]
    geoparquet(
        bench.folder / "p.parquet",
        pa.array(shapely.to_wkb(places)),
        {"id": {"authority": "EPSG", "code": 4547}, **there.target_crs.to_json_dict()},
    )
    done = bench.match_path(bench.folder / "p.parquet")
    assert done.columns is None
    rows = bench.rows()
    assert [row["match_code"] for row in rows] == ["06", "", "1,5", ""]
    assert shapely.from_wkt(rows[0]["place"]) == places[0], "shapes become WKT in a text file"


def test_a_geoparquet_file_of_plain_points_is_degrees_unless_it_says_otherwise(bench: Bench) -> None:
    column = pa.array([{"x": IN_WEST[0], "y": IN_WEST[1]}, None], pa.struct([("x", pa.float64()), ("y", pa.float64())]))
    geoparquet(bench.folder / "p.parquet", column, None, "point")
    bench.out = bench.folder / "out.parquet"
    bench.match_path(bench.folder / "p.parquet")
    assert pq.read_table(bench.out)["match_code"].to_pylist() == ["06", None]


def test_text_becomes_a_table_and_a_table_text(bench: Bench) -> None:
    bench.out = bench.folder / "out.parquet"
    bench.match('code,lon,lat\n06,113.005,28.005\n,"113.015",28.005\n')
    assert pq.read_table(bench.out).select(["code", "lon", "match_code"]).to_pydict() == {
        "code": ["06", ""],
        "lon": ["113.005", "113.015"],
        "match_code": ["06", "1,5"],
    }
    between = bench.out.rename(bench.folder / "between.parquet")
    pq.write_table(pq.read_table(between).drop_columns(list(ADDED)), between)
    bench.out = bench.folder / "out.csv"
    bench.match_path(between)
    assert [(row["code"], row["match_code"]) for row in bench.rows()] == [("06", "06"), ("", "1,5")]


def test_projected_points_and_other_datums_are_brought_to_degrees(bench: Bench) -> None:
    x, y = Transformer.from_crs(4326, 4547, always_xy=True).transform(*AT_BORDER)
    bench.match(f"x,y\n{x},{y}\n", crs="4547")
    assert bench.rows()[0]["match_border_m"] == "1.97"
    lon, lat = from_wgs84(*AT_BORDER, Datum.GCJ02)
    bench.match(points_csv((lon, lat)), datum=Datum.GCJ02, force=True)
    assert bench.rows()[0]["match_border_m"] == "1.97"


def test_exchanged_columns_and_metres_taken_for_degrees_are_noticed(bench: Bench) -> None:
    turned = bench.match("id,lat,lon\n1,113.005,28.005\n2,113.015,28.005\n3,1,1\n")
    assert [(note.key, note.facts) for note in turned.notes] == [("cli.match_turned", {"count": 2})]
    beyond = bench.match("x,y\n500000,3100000\n", force=True)
    assert [note.key for note in beyond.notes] == ["cli.match_beyond"]
    assert bench.match(points_csv(AWAY), force=True).notes == ()


def test_a_file_that_exists_is_replaced_only_when_told_to(bench: Bench) -> None:
    bench.out.write_text("precious")
    assert "--force" in bench.refused(OutputExists, points_csv(IN_WEST))
    assert bench.out.read_text() == "precious"
    bench.match(points_csv(IN_WEST), force=True)
    assert len(bench.rows()) == 1


def test_a_file_may_replace_itself(bench: Bench) -> None:
    bench.out = bench.folder / "points.csv"
    bench.match(points_csv(IN_WEST, IN_EAST), force=True)
    assert [row["match_code"] for row in bench.rows()] == ["06", "1,5"]


@pytest.mark.parametrize(
    ("kind", "content", "name", "says"),
    [
        (ColumnTaken, "lon,lat,match_how\n", "points.csv", "match_how"),
        (CoordinatesUnnamed, "id,where,when\n1,2,3\n", "points.csv", "id, where, when"),
        (TextEmpty, "\n\n", "points.csv", "first line"),
        (TextUnreadable, b"lon,lat\n\xff\xff\xff\n", "points.csv", "GB18030"),
        (RowUneven, points_csv(IN_WEST) + "1,2,3,4\n", "points.csv", "Line 3"),
        (QuoteOpen, points_csv(IN_WEST) + '1,2,"3\n4,5,6\n', "points.csv", "Line 3"),
        (QuoteOpen, points_csv(IN_WEST) + '1,2,"3', "points.csv", "Line 3"),
        (FileUnreadable, b"no gzip", "points.csv.gz", "points.csv.gz"),
        (FileUnreadable, b"no parquet", "points.parquet", "points.parquet"),
        (PointsKindUnknown, b"", "points.xlsx", ".csv"),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else "",
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(
    bench: Bench, kind: type[Refusal], content: str | bytes, name: str, says: str
) -> None:
    assert says in bench.refused(kind, content, name)


def test_wrong_names_are_refused_with_the_right_ones(bench: Bench) -> None:
    assert "id, lon, lat" in bench.refused(ColumnMissing, points_csv(IN_WEST), lon="longitude", lat="lat")
    assert bench.match(points_csv(IN_WEST), lat="lat").columns == ("lon", "lat")
    bench.out = bench.folder / "nowhere" / "out.csv"
    bench.refused(FolderMissing, points_csv(IN_WEST))
    bench.out = bench.folder / "out.xlsx"
    bench.refused(PointsKindUnknown, points_csv(IN_WEST))
    with pytest.raises(FileMissing):
        bench.match_path(bench.folder / "nothing.csv")


def test_areas_in_an_unknown_system_are_asked_about_by_the_option_that_tells_it(bench: Bench) -> None:
    bench.areas.write_text(bench.areas.read_text().replace("113.0", "500000.").replace("28.0", "3100000."))
    assert "--areas-crs" in bench.refused(AreasCrsNeeded, points_csv(IN_WEST))


def test_columns_that_do_not_fit_are_refused(bench: Bench) -> None:
    pq.write_table(pa.table({"lon": [[1.0]], "lat": [28.0], "list": [[1]]}), bench.folder / "points.parquet")
    bench.out = bench.folder / "out.parquet"
    with pytest.raises(ColumnNotNumbers) as told:
        bench.match_path(bench.folder / "points.parquet")
    assert '"lon"' in told.value.text()
    pq.write_table(pa.table({"lon": [113.0], "lat": [28.0], "list": [[1]]}), bench.folder / "points.parquet")
    bench.out = bench.folder / "out.csv"
    with pytest.raises(ColumnNotText):
        bench.match_path(bench.folder / "points.parquet")
    assert {path.name for path in bench.folder.iterdir()} == {"areas.geojson", "points.parquet"}


@pytest.mark.parametrize("geo", [b"no json", b'{"primary_column": "x"}', b'{"primary_column": "x", "columns": {"x": {}}}'])
def test_a_table_that_contradicts_itself_about_its_shapes_is_refused(bench: Bench, geo: bytes) -> None:
    path = bench.folder / "points.parquet"
    pq.write_table(pa.table({"lon": [113.0], "lat": [28.0]}).replace_schema_metadata({b"geo": geo}), path)
    with pytest.raises(FileUnreadable):
        bench.match_path(path)


def test_a_damaged_table_leaves_nothing_behind(bench: Bench) -> None:
    noise = np.random.default_rng(1).uniform(113, 114, 100_000)
    pq.write_table(pa.table({"lon": noise, "lat": noise}), bench.folder / "whole.parquet")
    content = bytearray((bench.folder / "whole.parquet").read_bytes())
    content[len(content) // 2 - 200_000 : len(content) // 2 + 200_000] = bytes(400_000)
    bench.refused(FileUnreadable, bytes(content), "points.parquet")


def test_the_command_tells_what_it_did(bench: Bench) -> None:
    points = bench.folder / "points.csv"
    points.write_text(points_csv(IN_WEST, AWAY))
    line = ["match", str(points), "--areas", str(bench.areas), "--code", "code", "--out", str(bench.out)]
    told = CliRunner().invoke(app, [*line, "--json"])
    assert told.exit_code == 0
    answer = json.loads(told.stdout)
    assert {key: answer[key] for key in ("rows", "inside", "outside", "lon_lat", "notes")} == {
        "rows": 2, "inside": 1, "outside": 1, "lon_lat": ["lon", "lat"], "notes": [],
    }  # fmt: skip
    again = CliRunner().invoke(app, line)
    assert isinstance(again.exception, OutputExists)
    assert "2 rows" in CliRunner().invoke(app, [*line, "--force"]).stdout


@pytest.mark.parametrize("rows_a_group", [1 << 17, 3_000_000], ids=["many groups of rows", "one group"])
def test_of_a_long_table_only_the_portion_under_way_is_in_memory(tmp_path: Path, rows_a_group: int) -> None:
    numbers = np.random.default_rng(0).random(3_000_000)
    pq.write_table(pa.table({"lon": numbers, "lat": numbers[::-1]}), tmp_path / "points.parquet", row_group_size=rows_a_group)
    file = TablePoints(tmp_path / "points.parquet")
    before, most, rows = pa.total_allocated_bytes(), 0, 0
    for portion in file.portions(("lon", "lat")):
        most = max(most, pa.total_allocated_bytes() - before)
        rows += len(portion.x)
    assert rows == 3_000_000
    assert most < (tmp_path / "points.parquet").stat().st_size / 3
