"""https of our own and of others: nothing old is spoken, and no certificate is believed that nobody vouches for."""

import socket
import ssl
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.oidc import Oidc, SignInServiceAway
from api.server import Tls, TlsUnusable, listen, make_server
from gridmap.settings import OidcSettings
from gridmap.store import Store
from tests import patient
from tests.serving import some_settings


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of loopback with its key, which nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "grid.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture(scope="module")
def url(pem: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('db')}/quick.db") as store:
        taken = listen("127.0.0.1", 0)
        server = make_server(store, some_settings(), Tls(pem))
        thread = Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        yield f"https://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        thread.join(patient.SECONDS)
        taken.close()


def test_who_trusts_the_certificate_is_answered_over_https(url: str, pem: Path) -> None:
    with patient.Client(verify=ssl.create_default_context(cafile=str(pem))) as client:
        answer = client.get(f"{url}/healthz")
        assert answer.status_code == 200
        kept = client.get(f"{url}/lang/zh").headers["set-cookie"]
        assert kept.startswith("__Host-lang=")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_not_spoken(url: str, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():  # Python itself warns of them
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(OSError), _line(url) as line, context.wrap_socket(line):  # noqa: PT011 (SSLError, or the line is cut)
        pass


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "NULL", "ECDHE-ECDSA-AES128-GCM-SHA256"])
def test_of_tls_1_2_only_ciphers_with_forward_secrecy_are_spoken(url: str, cipher: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    good = cipher.startswith("ECDHE") and "GCM" in cipher
    try:
        with _line(url) as line, context.wrap_socket(line):
            assert good
    except OSError:
        assert not good


def test_the_newest_version_is_what_both_choose(url: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _line(url) as line, context.wrap_socket(line) as talking:
        assert talking.version() == "TLSv1.3"


def test_a_sign_in_service_whose_certificate_nobody_vouches_for_is_not_asked(url: str) -> None:
    service = Oidc(OidcSettings(url, "gridmap", "secret", "x"))
    with pytest.raises(SignInServiceAway):
        service.begin(back="https://grid.example/sign-in/oidc/back", to="/", now=datetime.now(UTC))


def test_a_certificate_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "none.pem"
    with pytest.raises(TlsUnusable):
        Tls(file).check()
    file.write_text("no certificate")
    with pytest.raises(TlsUnusable):
        Tls(file).check()


def _line(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=patient.SECONDS)
