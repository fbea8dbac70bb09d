"""Who can reach the service: this machine alone, or others once somebody administers and https stands before it."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.server import HostNotReady, HostUnusable, Missing, Tls, TlsUnusable, check_ready, listen, reached_by_others
from gridmap.access import Role
from gridmap.errors import BadSettings
from gridmap.flows import accounts
from gridmap.flows.act import administered
from gridmap.flows.sign_in import accept_invitation
from gridmap.settings import read_settings
from gridmap.store import Store
from gridmap.words import LANGS
from tests import patient
from tests.accounts import now, person
from tests.builders import OPERATOR
from tests.serving import some_settings
from tests.signing import PASSWORD
from tests.small_land import settle

ALL = ("serve.needs_administrator", "serve.needs_public_url", "serve.needs_https")
PUBLIC = {"GRIDMAP_PUBLIC_URL": "https://grid.example:8443"}
PROXIED = {**PUBLIC, "GRIDMAP_PROXY": "127.0.0.1"}


def certificate(folder: Path, passphrase: bytes | None = None) -> Tls:
    """A certificate for grid.example that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "grid.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now()).not_valid_after(now() + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("grid.example")]), critical=False)
    cert, key_file = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    return Tls(cert, key_file)


@pytest.mark.parametrize(
    ("host", "environment", "others"),
    [
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("[::1]", {}, False),
        ("localhost", {}, False),
        ("127.0.0.9", {}, False),
        ("0.0.0.0", {}, True),
        ("::", {}, True),
        ("", {}, True),
        ("192.168.1.5", {}, True),
        ("grid.example", {}, True),
        ("127.0.0.1.evil.example", {}, True),
        ("127.0.0.1", PUBLIC, True),
        ("127.0.0.1", {"GRIDMAP_PROXY": "127.0.0.1"}, True),
    ],
)
def test_others_reach_whatever_is_not_loopback_or_has_a_public_address(host: str, environment: dict[str, str], others: bool) -> None:
    assert reached_by_others(host, some_settings(**environment)) is others


@pytest.mark.parametrize(
    ("environment", "tls", "administrator", "missing"),
    [
        ({}, False, False, ALL),
        ({}, False, True, ALL[1:]),
        (PUBLIC, False, True, ALL[2:]),
        (PUBLIC, True, False, ALL[:1]),
        ({"GRIDMAP_PROXY": "10.0.0.1"}, False, True, ALL[1:2]),
        (PUBLIC, True, True, ()),
        (PROXIED, False, True, ()),
    ],
)
def test_what_is_missing_is_told_all_at_once(
    environment: dict[str, str], tls: bool, administrator: bool, missing: tuple[str, ...], tmp_path: Path
) -> None:
    chosen = some_settings(**environment)
    if not missing:
        check_ready("0.0.0.0", chosen, Tls(tmp_path) if tls else None, administered=administrator)
        return
    with pytest.raises(HostNotReady) as refused:
        check_ready("0.0.0.0", chosen, Tls(tmp_path) if tls else None, administered=administrator)
    assert refused.value.facts["missing"] == Missing(missing)
    for lang in LANGS:
        assert all(Missing((key,)).text(lang) in refused.value.text(lang) for key in missing)


def test_somebody_administers_only_while_the_grant_and_the_account_hold(store: Store) -> None:
    assert not administered(store, now())
    person(store, "li", (Role.DISPATCHER, None))
    assert not administered(store, now())
    person(store, "wang", (Role.ADMINISTRATOR, None))
    assert administered(store, now())
    person(store, "chen", (Role.ADMINISTRATOR, None))  # waits for another administrator
    accounts.disable_account(store, "wang", actor=OPERATOR, now=now())
    assert not administered(store, now())


@pytest.mark.parametrize("host", ["", "256.1.1.1", "203.0.113.77", "no such host"])
def test_an_address_that_is_not_this_machines_is_a_sentence(host: str) -> None:
    with pytest.raises(HostUnusable):
        listen(host, 0)


def test_a_certificate_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    certificate(tmp_path).check()
    locked = certificate(tmp_path, b"secret")
    other = tmp_path / "other"
    other.mkdir()
    for wrong in (locked, Tls(tmp_path / "missing.pem"), Tls(locked.cert), Tls(locked.cert, certificate(other).key), Tls(tmp_path)):
        with pytest.raises(TlsUnusable) as refused:
            wrong.check()
        assert "\n" not in refused.value.text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRIDMAP_PUBLIC_URL", "http://grid.example"),
        ("GRIDMAP_PUBLIC_URL", "https://grid.example/desk"),
        ("GRIDMAP_PUBLIC_URL", "https://li@grid.example"),
        ("GRIDMAP_PUBLIC_URL", "https://localhost"),
        ("GRIDMAP_PUBLIC_URL", "https://grid.example:port"),
        ("GRIDMAP_PUBLIC_URL", "https://grid example"),
        ("GRIDMAP_PUBLIC_URL", "grid.example"),
        ("GRIDMAP_PROXY", "0.0.0.0/0"),
        ("GRIDMAP_PROXY", "*"),
        ("GRIDMAP_PROXY", "127.0.0.1, proxy.example"),
    ],
)
def test_an_address_or_a_proxy_that_cannot_be_is_told_at_the_start(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_settings({name: value})


def test_a_public_address_is_kept_as_browsers_name_it() -> None:
    chosen = read_settings({"GRIDMAP_PUBLIC_URL": "https://Grid.Example:8443/", "GRIDMAP_PROXY": "10.0.0.0/28 ::1"})
    assert (chosen.public_url, chosen.public_host) == ("https://grid.example:8443", "grid.example")
    assert [str(network) for network in chosen.proxies] == ["10.0.0.0/28", "::1/128"]


def serve(folder: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from gridmap.cli import main; main()", "serve", "--port", "0", "--json", *options]
    env = {**os.environ, **environment}
    return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def served(folder: Path, *options: str, **environment: str) -> Iterator[dict[str, Any]]:
    with serve(folder, *options, **environment) as running:
        try:
            assert running.stdout is not None
            yield json.loads(running.stdout.readline())
        finally:
            running.terminate()


def test_the_command_says_what_is_missing_and_makes_nothing(tmp_path: Path) -> None:
    with serve(tmp_path, "--host", "0.0.0.0") as running:
        told, errors = running.communicate(timeout=patient.COMMAND_SECONDS)
    assert (running.returncode, json.loads(told)["key"], errors.count("\n")) == (1, "host_not_ready", 1)
    assert all(named in errors for named in ("users add", "GRIDMAP_PUBLIC_URL", "--tls-cert", "GRIDMAP_PROXY"))
    assert list(tmp_path.iterdir()) == []


def test_others_are_served_by_https_and_sign_in(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/gridmap.db") as store:
        settle(store)
        person(store, "wang", (Role.ADMINISTRATOR, None))
        accept_invitation(store, accounts.invite(store, "wang", actor=OPERATOR, now=now()), PASSWORD, now=now())
    tls = certificate(tmp_path)
    options = ("--host", "0.0.0.0", "--tls-cert", str(tls.cert), "--tls-key", str(tls.key))
    with served(tmp_path, *options, **PUBLIC) as told:
        assert (told["url"], told["loopback_only"]) == ("https://grid.example:8443/", False)
        trust = ssl.create_default_context(cafile=str(tls.cert))
        port = told["listens"].rsplit(":", 1)[1].strip("/")
        asked = {"headers": {"Host": "grid.example:8443"}, "extensions": {"sni_hostname": "grid.example"}}
        with patient.Client(base_url=f"https://127.0.0.1:{port}", verify=trust) as client:
            assert client.get("/api/incidents", **asked).status_code == 401
            body = {"name": "wang", "password": PASSWORD}
            answer = client.post("/api/session", json=body, **asked)
            assert answer.status_code == 200
            assert answer.headers["set-cookie"].startswith("__Host-gridmap=gms_")
            assert "max-age=" in answer.headers["strict-transport-security"]
            for foreign in ("evil.example", f"10.0.0.7:{port}"):
                assert client.get("/healthz", headers={"Host": foreign}, extensions=asked["extensions"]).status_code == 400
        with pytest.raises(httpx.TransportError):
            patient.get(f"http://127.0.0.1:{port}/healthz")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(tls.cert)
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.set_ciphers("ECDHE+AES+SHA1:@SECLEVEL=0")
        with patient.Client(verify=old) as client, pytest.raises(httpx.TransportError, match="SSL"):
            client.get(f"https://127.0.0.1:{port}/healthz", **asked)


def test_on_this_machine_it_says_whether_anybody_signs_in(tmp_path: Path) -> None:
    with served(tmp_path) as told:
        assert told["loopback_only"] is True
        assert patient.get(f"{told['url']}api/incidents").status_code == 200
        assert patient.get(f"{told['url']}healthz", headers={"Host": "grid.example"}).status_code == 400
