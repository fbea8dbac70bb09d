"""Sign-in by the county's own service (OpenID Connect, authorization code with PKCE). It tells who comes, never what they may do."""

import base64
import hmac
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from threading import BoundedSemaphore
from time import monotonic
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, import_key
from joserfc.jws import JWSRegistry

from api.outside import SECONDS, AnswerUnfit, Outside, may_ask
from gridmap.errors import Refusal, Unavailable
from gridmap.settings import OidcSettings

LOG = logging.getLogger("gridmap.api")

SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Signatures that we take: by a key that only the service has. Neither none nor HS*, whose key we would share."""
KEEP_SECONDS = 3600  # how long what the service tells about itself is believed
KEYS_SECONDS = 30  # its keys are asked for again no sooner
AWAY_SECONDS = 5  # nobody waits anew for a service that did not answer just now
BEGUN_SECONDS = 600  # how long a person may take there
LEEWAY_SECONDS = 60  # between their clock and ours
TALKS = 16  # at once, so that a service that hangs does not take every thread of ours
LONGEST = 4096  # characters of a code
RSA_BITS = 2048
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)  # what odd JSON does to a reader


class SignInServiceAway(Unavailable):
    """The sign-in service does not answer, or not in time; facts: name."""


class SignInServiceUntrusted(Unavailable):
    """What the sign-in service answered does not hold; facts: name, why (a word for the administrator)."""


class SignInUnfinished(Refusal):
    """A return that was not begun in this browser just now, or was declined or used already; facts: name."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the service tells about itself (OpenID Connect Discovery)."""

    authorize: str
    token: str
    keys: str
    algorithms: tuple[str, ...]
    posts_secret: bool  # in the body, where it does not take it in the header
    names_itself: bool  # in each return (RFC 9207)
    until: float


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps until it returns."""

    url: str
    kept: str


@dataclass(frozen=True, slots=True)
class Returned:
    """Who came back, as the service names them, and where they wanted to go."""

    issuer: str
    subject: str
    to: str


class Oidc:
    """One service, as the settings name it. Its documents and keys are kept in memory; a sign-in that is under way only in its browser."""

    def __init__(self, settings: OidcSettings, *, keep_seconds: float = KEEP_SECONDS, seconds: float = SECONDS) -> None:
        self.name, self._settings, self._keep = settings.name, settings, keep_seconds
        self._plain = settings.issuer.startswith("http:")
        self._seconds = seconds  # that one request may take
        self._key = hmac.digest(settings.client_secret.encode(), b"gridmap sign-in", "sha256")
        self._talks = BoundedSemaphore(TALKS)
        self._service: Service | None = None
        self._keys = KeySet([])
        self._keys_again = self._away_until = 0.0

    def begin(self, *, back: str, to: str, now: datetime) -> Begun:
        """A sign-in begins: `back` is our address that the service returns to, `to` a path of ours. SignInServiceAway, -Untrusted."""
        kept = json.dumps([token_urlsafe(32), int(now.timestamp()) + BEGUN_SECONDS, to])
        with self._talking() as client:
            client.redirect_uri = back
            url, _ = client.create_authorization_url(
                self._known(client).authorize,
                state=self._of("state", kept),
                nonce=self._of("nonce", kept),
                code_verifier=self._of("verifier", kept),
            )
        return Begun(url, _text(kept.encode()))

    def end(self, query: Mapping[str, str], kept: str, *, back: str, now: datetime) -> Returned:
        """Who came back with this query to the browser that kept this. SignInUnfinished, SignInServiceAway, -Untrusted."""
        began = self._began(query.get("state", ""), kept, now)
        if began is None:
            raise SignInUnfinished(name=self.name)
        with self._talking() as client:
            service = self._known(client)
            if query.get("iss", self._settings.issuer if not service.names_itself else "") != self._settings.issuer:
                raise self._untrusted("issuer")
            code = query.get("code", "")
            if "error" in query or not 0 < len(code) <= LONGEST:
                raise SignInUnfinished(name=self.name)
            client.redirect_uri = back
            told = self._exchange(client, service, code, self._of("verifier", began))
            subject = self._subject(client, service, told, self._of("nonce", began), now)
        return Returned(self._settings.issuer, subject, json.loads(began)[2])

    def _of(self, purpose: str, kept: str) -> str:
        """State, nonce and verifier come from what the browser keeps and a key that it does not have: one changed letter changes all."""
        return _text(hmac.digest(self._key, f"{purpose} {kept}".encode(), "sha256"))

    def _began(self, state: str, kept: str, now: datetime) -> str | None:
        try:
            told = _bytes(kept).decode()
            if not hmac.compare_digest(self._of("state", told).encode(), state.encode()):
                return None
            return told if now.timestamp() < json.loads(told)[1] else None
        except UNREADABLE:
            return None

    @contextmanager
    def _talking(self) -> Iterator[Any]:
        """A client for one conversation; whatever goes wrong in it is one of two refusals."""
        if monotonic() < self._away_until or not self._talks.acquire(blocking=False):
            raise SignInServiceAway(name=self.name)
        chosen = self._settings
        try:
            with OAuth2Client(
                chosen.client_id, chosen.client_secret, scope="openid", code_challenge_method="S256",
                transport=Outside(seconds=self._seconds, plain=self._plain), trust_env=False, follow_redirects=False,
            ) as client:  # fmt: skip
                yield client
        except AnswerUnfit as fault:
            raise self._untrusted(str(fault)) from fault
        except httpx2.InvalidURL as fault:
            raise self._untrusted("address") from fault
        except httpx2.HTTPError as fault:
            if isinstance(fault, httpx2.HTTPStatusError) and fault.response.status_code < 500:
                raise self._untrusted("document") from fault
            self._away_until = monotonic() + AWAY_SECONDS
            LOG.warning("sign-in service: no answer (%s)", type(fault).__name__)
            raise SignInServiceAway(name=self.name) from fault
        finally:
            self._talks.release()

    def _untrusted(self, why: str) -> SignInServiceUntrusted:
        LOG.warning("sign-in service: refused its answer (%s)", why)
        return SignInServiceUntrusted(name=self.name, why=why)

    def _known(self, client: Any) -> Service:
        """The service's own description, fetched once and believed for an hour."""
        known = self._service
        if known is None or monotonic() >= known.until:
            told = self._document(client, self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
            known, self._keys, self._keys_again = self._described(told), KeySet([]), 0.0
            self._service = known
        return known

    def _described(self, told: dict[str, Any]) -> Service:
        if told.get("issuer") != self._settings.issuer:
            raise self._untrusted("issuer")
        authorize, token, keys = (told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
        if not all(isinstance(place, str) and may_ask(place, plain=self._plain) for place in (authorize, token, keys)):
            raise self._untrusted("address")
        signed_by = _listed(told, "id_token_signing_alg_values_supported", "RS256")
        algorithms = tuple(name for name in SIGNED_BY if name in signed_by)
        if not algorithms:  # an empty list would mean joserfc's own, which has HS256
            raise self._untrusted("algorithm")
        posts = "client_secret_basic" not in _listed(told, "token_endpoint_auth_methods_supported", "client_secret_basic")
        names_itself = told.get("authorization_response_iss_parameter_supported") is True
        return Service(str(authorize), str(token), str(keys), algorithms, posts, names_itself, monotonic() + self._keep)

    def _document(self, client: Any, url: str) -> dict[str, Any]:
        """A JSON object of the service. A redirect is none: nothing is followed."""
        answer = client.request("GET", url, withhold_token=True)
        if answer.status_code >= 500:
            answer.raise_for_status()
        try:
            told = answer.json()
        except UNREADABLE:
            told = None
        if answer.status_code != 200 or not isinstance(told, dict):
            raise self._untrusted("document")
        return told

    def _exchange(self, client: Any, service: Service, code: str, verifier: str) -> dict[str, Any]:
        """The tokens for a code, which the service gives once."""
        client.token_endpoint_auth_method = "client_secret_post" if service.posts_secret else "client_secret_basic"
        try:
            told = client.fetch_token(service.token, code=code, code_verifier=verifier, grant_type="authorization_code")
        except OAuthError as fault:
            if fault.error == "invalid_grant":
                raise SignInUnfinished(name=self.name) from fault
            raise self._untrusted("client" if fault.error in ("invalid_client", "unauthorized_client") else "token") from fault
        except UNREADABLE as fault:
            raise self._untrusted("token") from fault
        return dict(told)

    def _subject(self, client: Any, service: Service, told: dict[str, Any], nonce: str, now: datetime) -> str:
        """The subject of a signed token of this service, for us, for this sign-in, and of this hour."""
        raw = told.get("id_token")
        if not isinstance(raw, str):
            raise self._untrusted("token")
        token = self._decoded(client, service, raw)
        chosen = self._settings
        wanted = {"iss": {"essential": True, "value": chosen.issuer}, "aud": {"essential": True, "value": chosen.client_id}}
        about = {"nonce": nonce, "client_id": chosen.client_id, "access_token": told.get("access_token")}
        try:
            claims = CodeIDToken(token.claims, token.header, wanted, about)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
            fresh = claims["iat"] + BEGUN_SECONDS + LEEWAY_SECONDS > now.timestamp()
        except JoseError as fault:
            raise self._untrusted(getattr(fault, "claim", None) or "token") from fault
        except UNREADABLE as fault:
            raise self._untrusted("token") from fault
        subject = claims["sub"]
        if not fresh or not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?", subject):
            raise self._untrusted("sub" if fresh else "iat")
        return str(subject)

    def _decoded(self, client: Any, service: Service, raw: str) -> jwt.Token:
        """The token, if one of the service's keys signed it; they are asked for again when it names one that we do not know."""

        def decode() -> jwt.Token:
            return jwt.decode(raw, self._keys, registry=JWSRegistry(algorithms=service.algorithms, strict_check_header=False))

        try:
            return self._again_with_new_keys(decode, client, service)
        except JoseError as fault:
            raise self._untrusted("signature") from fault
        except UNREADABLE as fault:
            raise self._untrusted("token") from fault

    def _again_with_new_keys(self, decode: Callable[[], jwt.Token], client: Any, service: Service) -> jwt.Token:
        try:
            return decode()
        except InvalidKeyIdError:
            if monotonic() < self._keys_again:
                raise
        self._keys = _usable(self._document(client, service.keys).get("keys"))
        self._keys_again = monotonic() + KEYS_SECONDS
        return decode()


def _listed(told: Mapping[str, Any], name: str, default: str) -> list[Any]:
    found = told.get(name, [default])
    return found if isinstance(found, list) else []


def _usable(keys: Any) -> KeySet:
    """The public keys for signatures that we take, strong enough; what else a set holds is passed over."""
    found = []
    for told in keys if isinstance(keys, list) else []:
        try:
            if told["kty"] in {"RSA", "EC", "OKP"} and told.get("use", "sig") == "sig" and "d" not in told and _strong(told):
                found.append(import_key(told))
        except (JoseError, *UNREADABLE):
            continue
    return KeySet(found)


def _strong(told: Mapping[str, Any]) -> bool:
    if told["kty"] != "RSA":
        return True
    return int.from_bytes(_bytes(told["n"])).bit_length() >= RSA_BITS


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")
