"""A sign-in service on loopback that lies as it is told, to see what is believed."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic, time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from tests import patient

Answer = tuple[int, dict[str, str], bytes]
RSA = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})


class Evil:
    """What it says, to be changed by a test, and what it was asked."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.document: dict[str, Any] = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        }
        self.keys: list[Any] = [RSA.as_dict(private=False)]
        self.signed_with: Any = RSA
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "first"}
        self.claims: dict[str, Any] = {}
        self.nonce = ""
        self.token: Callable[[], Any] = lambda: {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}
        self.answers: dict[str, Callable[[], Answer]] = {}  # by path, instead of what it would say
        self.dripping = False  # a byte now and then, for as long as anybody could have the patience
        self.left = Event()  # somebody did not wait for the end of an answer
        self.stopped = Event()
        self.asked: list[str] = []
        self.posted: list[dict[str, str]] = []

    def id_token(self, **changed: Any) -> str:
        """A token as it should be, but for what was changed; a claim of None is left out."""
        now = int(time())
        right = {"iss": self.issuer, "sub": "wang", "aud": "gridmap", "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims = {name: claim for name, claim in {**right, **self.claims, **changed}.items() if claim is not None}
        if isinstance(self.signed_with, bytes):  # HS256 by hand: the library will not take a public key for a secret
            parts = [_text(json.dumps(part).encode()) for part in (self.header, claims)]
            return ".".join([*parts, _text(hmac.digest(self.signed_with, ".".join(parts).encode(), "sha256"))])
        algorithms = [self.header["alg"]]
        return jwt.encode(self.header, claims, self.signed_with, registry=JWSRegistry(algorithms=algorithms, strict_check_header=False))

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]()
        told = {"/.well-known/openid-configuration": lambda: self.document, "/keys": lambda: {"keys": self.keys}, "/token": self.token}
        return 200, {"Content-Type": "application/json"}, json.dumps(told[path]()).encode()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def lying() -> Iterator[Evil]:
    """It listens until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._tell()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            evil.posted.append({"authorization": self.headers.get("Authorization", "")} | {k: v[0] for k, v in parse_qs(body).items()})
            self._tell()

        def _tell(self) -> None:
            status, headers, body = evil.answer(urlsplit(self.path).path)
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " if evil.dripping else b"")
                last = monotonic() + patient.SECONDS
                while evil.dripping and monotonic() < last and not evil.stopped.wait(0.05):
                    self.wfile.write(b"x")
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # who asked had enough
                evil.left.set()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    evil = Evil(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield evil
    finally:
        evil.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
