"""Whose point is this: asked without reporting anything."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.answers import Names
from api.asker import Asker, doing
from gridmap.access import Action
from gridmap.geometry.datums import Datum, read_datum, to_wgs84
from gridmap.incidents.report import PointOffGlobe, on_globe
from gridmap.matching import find, index_of

router = APIRouter(prefix="/api", tags=["areas"])


@router.get("/match")
def match_point(
    asked: Annotated[Asker, doing(Action.AREA_READ)],
    lon: Annotated[float, Query(allow_inf_nan=False, description="Degrees east.", examples=[104.9042])],
    lat: Annotated[float, Query(allow_inf_nan=False, description="Degrees north.", examples=[38.3017])],
    datum: Annotated[str, Query(description="wgs84, cgcs2000, gcj02 (Amap, Tencent) or bd09 (Baidu).")] = Datum.WGS84,
    accuracy: Annotated[
        float | None, Query(ge=0, allow_inf_nan=False, description="The radius in metres within which the point lies.")
    ] = None,
) -> dict[str, Any]:
    """The areas that own the point in the edition in force, how it was found, and the candidates when the accuracy crosses a border."""
    if not on_globe(lon, lat):
        raise PointOffGlobe(lon=lon, lat=lat)
    x, y = (float(n) for n in to_wgs84(lon, lat, read_datum(datum)))
    with asked.store.read(asked.scope) as tx:
        edition = asked.store.edition_in_force(tx, asked.now)
        found = find(index_of(edition), x, y, accuracy_m=accuracy)
        names = Names(asked.store, tx)
        areas = {str(edition.area(code).level): names.area(edition.number, code, asked.lang) for code in found.path}
    return {
        "edition": found.edition,
        "how": found.how,
        "lon": x,
        "lat": y,
        **{level: areas.get(level) for level in ("township", "village", "cell")},
        "distance_m": found.distance_m,
        "border_m": found.border_m,
        "candidates": [{"code": c.code, "name": edition.area(c.code).name_in(asked.lang), "share": c.share} for c in found.candidates],
    }
