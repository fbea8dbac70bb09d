"""Which of the four kinds a file is, by what stands in it: a name or a header of whoever sends it says nothing."""

from enum import StrEnum

from gridmap.errors import BadInput

LONGEST_BOX = 256  # bytes of the box that names a HEIF file's brands; ours have some forty
# Pictures that are coded by HEVC, one or several in a file. AVIF, another codec in the same box, is none of the four.
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})


class PhotoKindUnknown(BadInput):
    """The file is none of JPEG, PNG, WebP and HEIC; facts: none."""


class Kind(StrEnum):
    """What phones write, and nothing that can hold a script or another file's address."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"


def kind_of(data: bytes) -> Kind:
    """The kind that the first bytes tell; PhotoKindUnknown. Whether the rest holds to it, only decoding shows."""
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Kind.WEBP
    if _brands(data) & _HEVC:
        return Kind.HEIC
    raise PhotoKindUnknown


def _brands(data: bytes) -> frozenset[bytes]:
    """The brands of a HEIF file (ISO/IEC 14496-12, 4.3): the major one, then, after a version, those that it is compatible with."""
    length = int.from_bytes(data[:4], "big")
    if data[4:8] != b"ftyp" or not 16 <= length <= min(LONGEST_BOX, len(data)):
        return frozenset()
    return frozenset({data[8:12], *(data[at : at + 4] for at in range(16, length - 3, 4))})
