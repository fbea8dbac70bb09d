"""Ids that sort by time: UUID version 7 (RFC 9562, section 5.7)."""

import secrets
from datetime import datetime


def new(at: datetime) -> str:
    """A new UUIDv7 of the instant: 48 bits of milliseconds, version, 12 random bits, variant, 62 random bits."""
    milliseconds = int(at.timestamp() * 1000)
    random = secrets.randbits(74)
    bits = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
