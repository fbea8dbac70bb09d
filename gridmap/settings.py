"""The only reader of the environment. Checked as a whole at start: every fault is told at once."""

import base64
import difflib
import ipaddress
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridmap.errors import BadSettings
from gridmap.words import LANGS, Lang, Sentence

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")
CHANNELS = ("worker", "resident", "hotline", "window", "patrol", "upper_level", "system")
REHOME = ("stay", "move", "ask")
DEFAULT_DATABASE_URL = "sqlite:///gridmap.db"


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The sign-in service that accounts may be linked to (OpenID Connect), and the word on its button."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where another system is told of what offices should know, and the secret that signs it (Standard Webhooks: `whsec_` and base64)."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoSettings:
    """How long photos are kept from the day on which they arrive, how large one may be as it is sent (MiB), how many a report may have, and
    how much all that came in part may take together (MiB)."""

    days: int = 365
    mib: int = 20
    most: int = 9
    unfinished: int = 2048

    @property
    def bytes(self) -> int:
        """The largest file that is taken."""
        return self.mib * 2**20


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment chose (variables `GRIDMAP_*`)."""

    database_url: str
    timezone: ZoneInfo
    lang: Lang
    oidc: OidcSettings | None = None
    public_url: str | None = None  # where others reach the service: https://HOST[:PORT]
    proxies: tuple[IPNetwork, ...] = ()  # whose word for who asks, and by https, is taken
    anchor_file: Path | None = None  # where the history is witnessed outside the database; None: beside a SQLite file
    anchor_key_file: Path | None = None  # the private Ed25519 key that signs what is witnessed
    verify: frozenset[str] = frozenset()  # the channels whose reports are looked into before they are filed
    rehome: str = "ask"  # what becomes of open incidents when another edition takes effect: stay, move or ask
    webhook: WebhookSettings | None = None
    fonts: Path | None = None  # a folder with fonts for letters on printed sheets that Noto CJK lacks
    photos: PhotoSettings = PhotoSettings()
    source_date: int | None = None  # SOURCE_DATE_EPOCH: the instant that what is made says of itself
    target_town: int = 0  # households of a cell to aim at in villages of residents' committees; 0 for none but the bounds
    target_rural: int = 0  # the same in villages of villagers' committees
    worker_households: int = 240  # more than these are too many for one worker, and told; 0: never
    publishers: int = 2  # how many people it takes to publish, once there are accounts: one approves, another publishes; or one alone

    @property
    def issuer(self) -> str | None:
        """The sign-in service that is set up (GRIDMAP_OIDC_ISSUER)."""
        return self.oidc.issuer if self.oidc else None

    @property
    def public_host(self) -> str | None:
        """The host of the public address, in small letters, as requests name it without a port."""
        return self.public_url and _host(self.public_url)


def read_lang(environment: Mapping[str, str] | None = None) -> Lang:
    """The language alone, never refused: help is said before settings can be checked, and a bad choice helps in English."""
    env = os.environ if environment is None else environment
    return "zh" if env.get("GRIDMAP_LANG") == "zh" else "en"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in the environment; BadSettings lists every variable that cannot be used."""
    env = _Asked(os.environ if environment is None else environment)
    faults: list[Sentence] = []
    timezone_name = env.get("GRIDMAP_TIMEZONE") or "Asia/Shanghai"
    timezone = ZoneInfo("Asia/Shanghai")
    try:
        timezone = ZoneInfo(timezone_name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError):
        faults.append(_fault("timezone", value=repr(timezone_name)))
    lang = env.get("GRIDMAP_LANG") or "en"
    if lang not in LANGS:
        faults.append(_fault("lang", value=repr(lang), known=", ".join(LANGS)))
    database_url = env.get("GRIDMAP_DATABASE_URL") or DEFAULT_DATABASE_URL
    if not database_url.startswith(("sqlite:", "postgres:", "postgresql:", "postgresql+psycopg2:")):
        faults.append(_fault("database_url", value=repr(database_url.split(":")[0])))
    oidc = _oidc(env, faults)
    public_url, proxies = _public_url(env, faults), _proxies(env, faults)
    webhook = _webhook(env, faults)
    verify, rehome = _verify(env, faults), env.get("GRIDMAP_REHOME") or "ask"
    if rehome not in REHOME:
        faults.append(_fault("rehome", value=repr(rehome), known=", ".join(REHOME)))
    source_date, photos = _epoch(env, faults), _photos(env, faults)
    publishers = env.get("GRIDMAP_PUBLISHERS") or "2"
    if publishers not in {"1", "2"}:
        faults.append(_fault("publishers", value=repr(publishers)))
    town, rural = (_number(env, name, 0, faults, within=(0, 10_000)) for name in ("GRIDMAP_TARGET_TOWN", "GRIDMAP_TARGET_RURAL"))
    load = _number(env, "GRIDMAP_WORKER_HOUSEHOLDS", 240, faults, within=(0, 100_000))
    anchors = (_path(env, "GRIDMAP_ANCHOR_FILE"), _path(env, "GRIDMAP_ANCHOR_KEY_FILE"))
    fonts = _path(env, "GRIDMAP_FONTS")
    faults += _unknown(env)
    if faults:
        raise BadSettings(faults)
    told = (database_url, timezone, read_lang(env), oidc, public_url, proxies)
    return Settings(*told, *anchors, verify, rehome, webhook, fonts, photos, source_date, town, rural, load, int(publishers))


class _Asked(dict[str, str]):
    """The environment, which remembers every name that was asked for: so what was not is known without a second list."""

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__(env)
        self.names = {"GRIDMAP_TEST_DATABASE_URL"}  # the tests' own

    def get(self, name: str, otherwise: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, otherwise)


def _unknown(env: _Asked) -> list[Sentence]:
    """A variable that begins as ours and is none: a slip of the fingers would be a setting that silently does not hold."""
    found = []
    for name in sorted(name for name in env if name.startswith("GRIDMAP_") and name not in env.names):
        near = difflib.get_close_matches(name, sorted(env.names), 1, 0.8)
        found.append(_fault("unknown_near", name=name, near=near[0]) if near else _fault("unknown", name=name))
    return found


def _fault(kind: str, **facts: str) -> Sentence:
    return Sentence(f"setting.{kind}", facts)


def _without_password(url: str) -> str:
    """Whatever stands before an @ may be one, also where the address cannot be taken apart."""
    return re.sub(r"//[^/@]*@", "//***@", url)


def _verify(env: Mapping[str, str], faults: list[Sentence]) -> frozenset[str]:
    listed = frozenset(env.get("GRIDMAP_VERIFY", "").replace(",", " ").split())
    if unknown := sorted(listed - set(CHANNELS)):
        faults.append(_fault("verify", value=", ".join(map(repr, unknown)), known=", ".join(CHANNELS)))
    return listed


def _epoch(env: Mapping[str, str], faults: list[Sentence]) -> int | None:
    """SOURCE_DATE_EPOCH as reproducible builds have it: whole seconds since 1970."""
    text = env.get("SOURCE_DATE_EPOCH", "")
    if text and not (text.isdecimal() and len(text) <= 11):
        faults.append(_fault("source_date", value=repr(text)))
    return int(text) if text.isdecimal() and len(text) <= 11 else None


def _photos(env: Mapping[str, str], faults: list[Sentence]) -> PhotoSettings:
    """The bounds of photos; the longest term is a constant, because a county that could lengthen it would."""
    return PhotoSettings(
        days=_number(env, "GRIDMAP_PHOTO_DAYS", 365, faults, within=(1, 730)),
        mib=_number(env, "GRIDMAP_PHOTO_MIB", 20, faults, within=(1, 64)),
        most=_number(env, "GRIDMAP_PHOTOS", 9, faults, within=(0, 20)),
        unfinished=_number(env, "GRIDMAP_PHOTOS_UNFINISHED_MIB", 2048, faults, within=(64, 1_048_576)),  # at least one of the largest
    )


def _number(env: Mapping[str, str], name: str, otherwise: int, faults: list[Sentence], *, within: tuple[int, int]) -> int:
    """A whole number within bounds, both included, or what holds without it."""
    least, most = within
    text = env.get(name, "").strip()
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and least <= int(text) <= most):
        faults.append(_fault("number", name=name, value=repr(text), least=str(least), most=str(most)))
        return otherwise
    return int(text)


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).absolute() if env.get(name) else None


def _public_url(env: Mapping[str, str], faults: list[Sentence]) -> str | None:
    """https and a host that others know, with a port where it is not 443; nothing after it but one slash."""
    url = env.get("GRIDMAP_PUBLIC_URL", "").strip().removesuffix("/")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        host = port = ""
    shown = f"[{host}]" if ":" in host else host
    if not host or url.lower() != f"https://{shown}{port}" or is_loopback(host) or not _HOST.fullmatch(host):
        faults.append(_fault("public_url", value=repr(url)))
    return f"https://{shown}{port}"


def _proxies(env: Mapping[str, str], faults: list[Sentence]) -> tuple[IPNetwork, ...]:
    found = []
    for text in env.get("GRIDMAP_PROXY", "").replace(",", " ").split():
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            network = None
        if network is None or network.prefixlen == 0:  # everybody is no proxy
            faults.append(_fault("proxy", value=repr(text)))
        else:
            found.append(network)
    return tuple(found)


def _oidc(env: Mapping[str, str], faults: list[Sentence]) -> OidcSettings | None:
    """The sign-in service, if one is set: its issuer, our id there and the secret all together, or none of them."""
    issuer, client_id = env.get("GRIDMAP_OIDC_ISSUER", ""), env.get("GRIDMAP_OIDC_CLIENT_ID", "")
    secret = _secret(env, "GRIDMAP_OIDC_CLIENT_SECRET", faults)  # or GRIDMAP_OIDC_CLIENT_SECRET_FILE
    name = env.get("GRIDMAP_OIDC_NAME", "").strip()
    needed = {"GRIDMAP_OIDC_ISSUER": issuer, "GRIDMAP_OIDC_CLIENT_ID": client_id, "GRIDMAP_OIDC_CLIENT_SECRET": secret}
    missing = [name for name, value in needed.items() if value == ""]
    if len(missing) == len(needed) and not name:
        return None
    if missing:
        faults.append(_fault("oidc_part", names=", ".join(missing)))
    if issuer and not is_issuer(issuer):
        faults.append(_fault("oidc_issuer", value=repr(_without_password(issuer))))
    return OidcSettings(issuer, client_id, secret or "", name or _host(issuer))


def _webhook(env: Mapping[str, str], faults: list[Sentence]) -> WebhookSettings | None:
    """Where notices go, if anywhere: its address and its secret together, or neither."""
    url = env.get("GRIDMAP_WEBHOOK_URL", "").strip()
    secret = _secret(env, "GRIDMAP_WEBHOOK_SECRET", faults)  # or GRIDMAP_WEBHOOK_SECRET_FILE
    if not url and secret == "":
        return None
    if not url or secret == "":
        faults.append(_fault("webhook_part"))
    if url and not is_webhook(url):
        faults.append(_fault("webhook_url", value=repr(_without_password(url))))
    if secret and not _is_signing_secret(secret):
        faults.append(_fault("webhook_secret"))
    return WebhookSettings(url, secret or "")


def is_webhook(url: str) -> bool:
    """Whether notices may be sent there: as a sign-in service's address, and a query may follow the path."""
    return "#" not in url and is_issuer(url.partition("?")[0]) and url.isascii() and url.isprintable() and not set(" \\") & set(url)


def _is_signing_secret(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64


def _secret(env: Mapping[str, str], name: str, faults: list[Sentence]) -> str | None:
    """A secret from its variable, or from the file that NAME_FILE names; "" if neither is set, None if it cannot be read."""
    path = env.get(f"{name}_FILE")
    if not path:
        return env.get(name, "")
    if env.get(name):
        faults.append(_fault("secret_twice", name=name))
    try:
        secret = Path(path).read_text("utf-8").strip()
    except (OSError, ValueError):
        secret = ""
    if not secret:
        faults.append(_fault("secret_file", name=name, value=repr(path)))
    return secret or None


def is_issuer(url: str) -> bool:
    """Whether an address can be a sign-in service's: https, or http on this machine, and nothing after the path."""
    try:
        parts = urlsplit(url)
        plain = parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc) and url.isascii() and url.isprintable()
    except ValueError:
        return False
    return (
        plain
        and not set(" \\") & set(url)
        and bool(_host(url))
        and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(_host(url))))
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host of a URL can only be this machine: localhost, or an address of loopback."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def this_process() -> str:
    """The name under which this process holds what one alone may do."""
    return f"{platform.node()}:{os.getpid()}"
