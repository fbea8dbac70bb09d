"""Files of every kind, read to (lon, lat), their text kept as it was written."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from shapely import box

from gridmap.boundaries import ReadOptions, read_coverage, read_table
from gridmap.boundaries.place import AxesSwapped, CrsLikely, CrsNeeded, CrsNowhere, CrsUnfit, PlaceUnreadable, read_near
from gridmap.boundaries.read import SpatialKindUnknown
from gridmap.boundaries.sources import ShapefileIncomplete, ZipUnusable
from gridmap.boundaries.table import EncodingWrong, LayerNeeded, ShapesMissing
from gridmap.errors import ColumnMissing, FileMissing, FileUnreadable, ImportRefused

SQUARES = shapely.box([108.0, 108.1], [33.0, 33.0], [108.1, 108.2], [33.1, 33.1])
CODES, NAMES = ("06", "0502A"), ("河东镇", "城关镇")
SQUARE_NEAR = (108.1, 33.05)


def write(path: Path, driver: str, *, shapes: Any = SQUARES, crs: str | None = "EPSG:4326", layer: str = "areas", **more: Any) -> Path:
    fields: list[Any] = [np.array(values, dtype=object) for values in (CODES, NAMES)]
    fields += [np.array([1.0, 2.0]), np.array([610922100, 610922101])]
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), fields, ["code", "name", "size", "number"],
        driver=driver, layer=layer, geometry_type="Polygon", crs=crs, **more,
    )  # fmt: skip
    return path


def write_parquet(path: Path, *, crs: object = "absent") -> Path:
    about = {"encoding": "WKB", "geometry_types": ["Polygon"]} | ({} if crs == "absent" else {"crs": crs})
    geo = json.dumps({"version": "1.1.0", "primary_column": "shape", "columns": {"shape": about}})
    columns = {"code": list(CODES), "name": list(NAMES), "size": [1.0, 2.0], "number": [610922100, 610922101]}
    table = pa.table(columns | {"shape": shapely.to_wkb(SQUARES).tolist()})
    pq.write_table(table.replace_schema_metadata({"geo": geo}), path)
    return path


def write_topojson(path: Path) -> Path:
    """Two squares that share an arc, which the second one runs backwards; numbers are steps of a grid, as most such files have them."""
    arcs = [[[1, 1], [0, -1]], [[1, 0], [-1, 0], [0, 1], [1, 0]], [[1, 1], [1, 0], [0, -1], [-1, 0]]]
    facts = [
        {"code": code, "name": name, "size": size, "number": number}
        for code, name, size, number in zip(CODES, NAMES, (1, 2), (610922100, 610922101), strict=True)
    ]
    rings = [[[0, 1]], [[~0, 2]]]
    geometries = [{"type": "Polygon", "arcs": ring, "properties": each} for ring, each in zip(rings, facts, strict=True)]
    topology = {"type": "Topology", "transform": {"scale": [0.1, 0.1], "translate": [108.0, 33.0]}, "arcs": arcs}
    path.write_text(json.dumps(topology | {"objects": {"areas": {"type": "GeometryCollection", "geometries": geometries}}}), "utf-8")
    return path


def write_geojson(path: Path, rows: Sequence[tuple[dict[str, object], object]]) -> Path:
    features = [{"type": "Feature", "properties": facts, "geometry": geometry} for facts, geometry in rows]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


FORMATS = {
    "areas.gpkg": lambda path: write(path, "GPKG"),
    "areas.geojson": lambda path: write(path, "GeoJSON"),
    "areas.topojson": write_topojson,
    "areas.parquet": write_parquet,
    "areas.shp": lambda path: write(path, "ESRI Shapefile", encoding="utf-8"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_table(tmp_path: Path, name: str) -> None:
    table = read_table(FORMATS[name](tmp_path / name))
    assert (table.text("code"), table.text("name")) == (list(CODES), list(NAMES))
    assert (table.text("size"), table.text("NUMBER")) == (["1", "2"], ["610922100", "610922101"])
    assert shapely.equals_exact(table.shapes, SQUARES, tolerance=1e-9, normalize=True).all()
    assert not table.mended.any()


def test_a_zipped_shapefile_in_a_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path / "areas.shp", "ESRI Shapefile", encoding="gb18030")
    with zipfile.ZipFile(tmp_path / "边界.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"areas.{suffix}", f"县/areas.{suffix.upper()}")
    table = read_table(tmp_path / "边界.zip")
    assert table.text("name") == list(NAMES)
    assert [finding.code for finding in table.findings] == ["encoding_chosen"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_dbf_without_cpg_is_read_in_the_encoding_that_it_is_in_and_this_is_told(tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "areas.shp", "ESRI Shapefile", encoding=encoding)
    (tmp_path / "areas.cpg").unlink()
    table = read_table(tmp_path / "areas.shp")
    assert table.text("name") == list(NAMES)
    assert f'read as {encoding.upper()}, for example "河东镇"' in table.findings[0].text()


def test_a_cpg_is_believed_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    write(tmp_path / "areas.shp", "ESRI Shapefile", encoding="gb18030")
    assert read_table(tmp_path / "areas.shp").findings == ()
    for said in ("936", "GBK"):
        (tmp_path / "areas.cpg").write_text(said)
        assert read_table(tmp_path / "areas.shp").text("name") == list(NAMES)
    (tmp_path / "areas.cpg").write_text("UTF-8")
    with pytest.raises(EncodingWrong, match="--encoding"):
        read_table(tmp_path / "areas.shp")
    assert read_table(tmp_path / "areas.shp", ReadOptions(encoding="gbk")).text("name") == list(NAMES)


def test_any_coordinate_system_becomes_lon_and_lat_and_this_is_told(tmp_path: Path) -> None:
    metres = shapely.transform(SQUARES, lambda xy: np.column_stack(to_4545(xy)))
    table = read_table(write(tmp_path / "areas.gpkg", "GPKG", shapes=metres, crs="EPSG:4545"))
    assert shapely.equals_exact(table.shapes, SQUARES, tolerance=1e-9).all()
    assert (table.crs, [finding.code for finding in table.findings]) == ("EPSG:4545", ["crs_converted"])


def to_4545(xy: Any) -> Any:
    from pyproj import Transformer  # noqa: PLC0415

    return Transformer.from_crs("EPSG:4326", "EPSG:4545", always_xy=True).transform(xy[:, 0], xy[:, 1])


@pytest.fixture
def unlabelled(tmp_path: Path) -> Path:
    """A Shapefile of metres that does not say so."""
    metres = shapely.transform(SQUARES, lambda xy: np.column_stack(to_4545(xy)))
    path = tmp_path / "plain.shp"
    with pytest.warns(UserWarning, match="crs"):
        write(path, "ESRI Shapefile", shapes=metres, crs=None, encoding="utf-8")
    return path


def test_a_file_without_a_system_whose_numbers_cannot_be_degrees_is_refused_with_advice(unlabelled: Path) -> None:
    with pytest.raises(CrsNeeded, match="--crs EPSG, or give a place"):
        read_table(unlabelled)
    with pytest.raises(CrsLikely, match="--crs 4545") as refused:
        read_table(unlabelled, ReadOptions(near=SQUARE_NEAR))
    assert 1 <= len(refused.value.advice) <= 5
    with pytest.raises(CrsNowhere, match="Ask who made the file"):
        read_table(unlabelled, ReadOptions(near=(-71.0, 42.3)))


def test_the_system_that_is_given_is_used(unlabelled: Path) -> None:
    table = read_table(unlabelled, ReadOptions(crs="4545"))
    assert shapely.equals_exact(table.shapes, SQUARES, tolerance=1e-9, normalize=True).all()


def test_a_wrong_claim_of_degrees_is_refused_too(tmp_path: Path) -> None:
    claimed = write_geojson(tmp_path / "feet.geojson", [({}, shapely.geometry.mapping(shapely.box(775000, 2950000, 776000, 2951000)))])
    with pytest.raises(CrsLikely, match="2249"):
        read_table(claimed, ReadOptions(near=(-71.06, 42.36)))


def test_lat_before_lon_is_told_as_such(tmp_path: Path) -> None:
    swapped = write_geojson(tmp_path / "swapped.geojson", [({}, shapely.geometry.mapping(shapely.box(33, 108, 34, 109)))])
    with pytest.raises(AxesSwapped, match="swap them"):
        read_table(swapped)


def test_several_layers_must_be_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "areas.gpkg", "GPKG", layer="villages")
    write(path, "GPKG", layer="cells", append=True)
    with pytest.raises(LayerNeeded, match="villages, cells"):
        read_table(path)
    with pytest.raises(LayerNeeded, match="villages, cells"):
        read_table(path, ReadOptions(layer="towns"))
    assert len(read_table(path, ReadOptions(layer="cells"))) == 2


def test_files_that_hold_no_shapes_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "noise.geojson").write_text('{"type": "FeatureCollection", "features": [{', "utf-8")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", "utf-8")
    (tmp_path / "latin.geojson").write_bytes(b'{"type": "Feature", "properties": {"name": "Z\xfcrich"}, "geometry": null}')
    (tmp_path / "noise.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "noise.zip").write_bytes(b"PK no")
    write_geojson(tmp_path / "empty.geojson", [])
    with zipfile.ZipFile(tmp_path / "nothing.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    wanted = {
        "absent.gpkg": FileMissing, "latin.geojson": EncodingWrong,
        "noise.geojson": FileUnreadable, "noise.parquet": FileUnreadable, "noise.zip": FileUnreadable, "table.csv": ShapesMissing,
        "empty.geojson": ShapesMissing, "nothing.zip": ZipUnusable,
    }  # fmt: skip
    for name, refusal in wanted.items():
        with pytest.raises(refusal, match=name):
            read_table(tmp_path / name)


def test_a_file_of_another_kind_is_told_which_kinds_there_are(tmp_path: Path) -> None:
    (tmp_path / "areas.pdf").write_bytes(b"%PDF-1.4 no land")
    with pytest.raises(SpatialKindUnknown, match=r"areas\.pdf.*GeoPackage"):
        read_table(tmp_path / "areas.pdf")


def test_a_shapefile_that_left_its_companions_behind_is_told_which(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.shp", "ESRI Shapefile")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(whole, "b.shp")
        archive.write(whole.with_suffix(".shx"), "b.shx")
    whole.with_suffix(".shx").unlink()
    for path, missing in ((whole, r"\.shx"), (tmp_path / "b.zip", r"\.dbf")):
        with pytest.raises(ShapefileIncomplete, match=missing):
            read_table(path)


def test_an_encoding_that_there_is_not_is_refused_for_every_format(tmp_path: Path) -> None:
    for name, driver in (("a.gpkg", "GPKG"), ("a.shp", "ESRI Shapefile")):
        with pytest.raises(EncodingWrong):
            read_table(write(tmp_path / name, driver), ReadOptions(encoding="utf-99"))


@pytest.mark.parametrize("geo", [b"no json", b"[]", b'"x"', b'{"primary_column": "x"}', b'{"primary_column": "x", "columns": {"x": {}}}'])
def test_geoparquet_that_contradicts_itself_is_refused(tmp_path: Path, geo: bytes) -> None:
    whole = pq.read_table(write_parquet(tmp_path / "a.parquet"))
    pq.write_table(whole.replace_schema_metadata({b"geo": geo}), tmp_path / "b.parquet")
    with pytest.raises((FileUnreadable, ShapesMissing)):
        read_table(tmp_path / "b.parquet")


def test_a_system_that_cannot_hold_the_numbers_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", "GPKG", shapes=[box(3e5, 4e6, 3.1e5, 4.01e6)] * len(SQUARES), crs="EPSG:4547")
    with pytest.raises(CrsUnfit, match="EPSG:4527"):
        read_table(path, ReadOptions(crs="4527"))


def test_a_missing_column_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "areas.gpkg", "GPKG"))
    with pytest.raises(ColumnMissing, match="code, name, size, number"):
        table.text("CODES")


def test_geoparquet_without_a_system_is_degrees_and_with_none_is_unknown(tmp_path: Path) -> None:
    assert read_table(write_parquet(tmp_path / "a.parquet")).findings == ()
    assert [note.code for note in read_table(write_parquet(tmp_path / "b.parquet", crs=None)).findings] == ["crs_assumed"]


def test_a_coverage_keeps_codes_as_text_and_repairs_its_shapes(tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[108, 33], [109, 34], [109, 33], [108, 34], [108, 33]]]}
    path = write_geojson(tmp_path / "areas.geojson", [({"code": "06"}, bow)])
    codes, shapes = read_coverage(path, "code")
    assert codes == ["06"]
    assert shapely.is_valid(shapes).all()


def test_a_coverage_with_rows_that_hold_no_land_is_refused(tmp_path: Path) -> None:
    square = shapely.geometry.mapping(SQUARES[0])
    path = write_geojson(tmp_path / "areas.geojson", [({"code": "06"}, None), ({"code": ""}, square), ({"code": "07"}, square)])
    with pytest.raises(ImportRefused) as refused:
        read_coverage(path, "code")
    assert sorted(finding.code for finding in refused.value.findings) == ["missing_code", "no_shape"]
    assert "没有图形" in refused.value.text("zh") or "没有编码" in refused.value.text("zh")


def test_a_place_is_lon_and_lat() -> None:
    assert read_near("108.31, 33.32") == read_near("108.31，33.32") == (108.31, 33.32)
    for text in ("108.31", "north,south", "33,108", "1,2,3"):
        with pytest.raises(PlaceUnreadable):
            read_near(text)
