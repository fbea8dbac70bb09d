"""The four datums that reports come in, and the way from each to WGS84.

Phone maps in China draw on GCJ-02 (Amap, Tencent) or BD-09 (Baidu), which displace a point by 100 to 1,500 metres: a point without
its datum is in the wrong cell. The constants are those of every textbook on the matter: the Krassovsky ellipsoid of 1940 and three sums
of sines. There is no published inverse, so ours iterates the forward formula; a round trip is right to far less than a millimetre.

CGCS2000 is read as WGS84: its ellipsoid differs by a tenth of a millimetre, its frame (ITRF97, epoch 2000.0) by the drift of the plate
since, some decimetres; PROJ joins the two by a null transformation too. No phone and no boundary file is that exact.

Outside the usual rectangle around China (`CHINA`) GCJ-02 and BD-09 are WGS84: the map services displace nothing there. The rectangle
also holds Mongolia, Nepal and Hong Kong, where this would be wrong; a county of this software lies in neither.
"""

from enum import StrEnum
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import DatumUnknown

CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north: the rectangle that every implementation shares
KRASSOVSKY_A = 6378245.0
KRASSOVSKY_EE = 0.00669342162296594323
BD_PI = np.pi * 3000 / 180
BD_LON, BD_LAT = 0.0065, 0.006
# Each pass shrinks the error some 500-fold. A fixed number of passes, so that a point's answer never depends on its company in an array.
PASSES = 6

Floats = NDArray[np.float64]


class Datum(StrEnum):
    """What the numbers of a point mean; required with every reported point."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def read_datum(text: str) -> Datum:
    """The datum that a sender named; case, spaces, `-` and `_` do not matter. DatumUnknown lists the known ones."""
    plain = "".join(letter for letter in str(text).lower() if letter.isalnum())
    if plain == "bd09ll":  # Baidu's own name for its degrees; its metres (bd09mc) are not degrees and stay unknown
        return Datum.BD09
    try:
        return Datum(plain)
    except ValueError:
        raise DatumUnknown(datum=text, known=", ".join(Datum)) from None


@overload
def to_wgs84(lon: float, lat: float, datum: Datum) -> tuple[float, float]: ...
@overload
def to_wgs84(lon: Floats, lat: Floats, datum: Datum) -> tuple[Floats, Floats]: ...
def to_wgs84(lon: Any, lat: Any, datum: Datum) -> tuple[Any, Any]:
    """(lon, lat) in WGS84 degrees from degrees in `datum`; numbers or arrays of equal shape. NaN stays NaN."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    if datum is Datum.GCJ02:
        lon, lat = _where_in_china(*_undo(_gcj02, lon, lat), lon, lat)
    if datum is Datum.BD09:
        lon, lat = _where_in_china(*_undo(_gcj02, *_undo(_bd09, lon, lat)), lon, lat)
    return _plain(lon), _plain(lat)


@overload
def from_wgs84(lon: float, lat: float, datum: Datum) -> tuple[float, float]: ...
@overload
def from_wgs84(lon: Floats, lat: Floats, datum: Datum) -> tuple[Floats, Floats]: ...
def from_wgs84(lon: Any, lat: Any, datum: Datum) -> tuple[Any, Any]:
    """(lon, lat) in `datum` from WGS84 degrees; numbers or arrays of equal shape. NaN stays NaN."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    moved = (lon, lat)
    if datum in (Datum.GCJ02, Datum.BD09):
        moved = _gcj02(*moved)
    if datum is Datum.BD09:
        moved = _bd09(*moved)
    inside = _in_china(lon, lat)
    return _plain(np.where(inside, moved[0], lon)), _plain(np.where(inside, moved[1], lat))


def _plain(numbers: Floats) -> Any:
    """An array as it is; a single number as Python's own, since databases do not know numpy's."""
    return numbers if numbers.ndim else float(numbers)


def _in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = CHINA
    return (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)


def _where_in_china(lon: Floats, lat: Floats, raw_lon: Floats, raw_lat: Floats) -> tuple[Floats, Floats]:
    """The converted point where it lies in the rectangle, elsewhere the raw one."""
    inside = _in_china(lon, lat)
    return np.where(inside, lon, raw_lon), np.where(inside, lat, raw_lat)


def _undo(forward: Any, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The point that `forward` moves to (lon, lat), by fixed-point iteration (the shift changes by less than 1 % of a step)."""
    found = (lon, lat)
    for _ in range(PASSES):
        ahead = forward(*found)
        found = (found[0] + lon - ahead[0], found[1] + lat - ahead[1])
    return found


def _gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS84 to GCJ-02, everywhere."""
    with np.errstate(invalid="ignore"):
        x, y = lon - 105.0, lat - 35.0
        root = np.sqrt(np.abs(x))
        ripple = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
        east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
        east = east + (ripple + _sines(x, 20, 40, 1, 3) + _sines(x, 150, 300, 12, 30)) * 2 / 3
        north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
        north = north + (ripple + _sines(y, 20, 40, 1, 3) + _sines(y, 160, 320, 12, 30)) * 2 / 3
        phi = np.radians(lat)
        magic = 1 - KRASSOVSKY_EE * np.sin(phi) ** 2
        meridian = KRASSOVSKY_A * (1 - KRASSOVSKY_EE) / magic**1.5
        parallel = KRASSOVSKY_A / np.sqrt(magic) * np.cos(phi)
        return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def _sines(t: Floats, high: float, low: float, fast: float, slow: float) -> Floats:
    """Two of the formula's sines: `high` of period 2 x `fast` degrees, `low` of period 2 x `slow` degrees."""
    return high * np.sin(np.pi * t / fast) + low * np.sin(np.pi * t / slow)


def _bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 to BD-09, everywhere."""
    with np.errstate(invalid="ignore"):
        radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD_PI)
        angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD_PI)
        return radius * np.cos(angle) + BD_LON, radius * np.sin(angle) + BD_LAT
