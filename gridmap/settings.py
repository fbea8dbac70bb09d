"""The only reader of the environment. Checked as a whole at start: every fault is told at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridmap.errors import BadSettings
from gridmap.words import LANGS, Lang

DEFAULT_DATABASE_URL = "sqlite:///gridmap.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment chose (variables `GRIDMAP_*`)."""

    database_url: str
    timezone: ZoneInfo
    lang: Lang


def read_lang(environment: Mapping[str, str] | None = None) -> Lang:
    """The language alone, never refused: help is said before settings can be checked, and a bad choice helps in English."""
    env = os.environ if environment is None else environment
    return "zh" if env.get("GRIDMAP_LANG") == "zh" else "en"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in the environment; BadSettings lists every variable that cannot be used."""
    env = os.environ if environment is None else environment
    faults: list[str] = []
    timezone_name = env.get("GRIDMAP_TIMEZONE") or "Asia/Shanghai"
    timezone = ZoneInfo("Asia/Shanghai")
    try:
        timezone = ZoneInfo(timezone_name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError):
        faults.append(f"GRIDMAP_TIMEZONE={timezone_name!r} (an IANA name such as Asia/Shanghai)")
    lang = env.get("GRIDMAP_LANG") or "en"
    if lang not in LANGS:
        faults.append(f"GRIDMAP_LANG={lang!r} ({' or '.join(LANGS)})")
    database_url = env.get("GRIDMAP_DATABASE_URL") or DEFAULT_DATABASE_URL
    if not database_url.startswith(("sqlite:", "postgres:", "postgresql:", "postgresql+psycopg2:")):
        faults.append(f"GRIDMAP_DATABASE_URL starts with {database_url.split(':')[0]!r} (sqlite:///FILE or postgresql://…)")
    if faults:
        raise BadSettings(faults="; ".join(faults))
    return Settings(database_url, timezone, read_lang(env))
