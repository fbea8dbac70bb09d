"""The package as a stranger gets it: built, installed into an empty environment far from this folder, and started there."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridmap.version import __version__
from tests import patient
from tests.ports import kept_port

ROOT = Path(__file__).parents[1]
LOCK = str(ROOT / "constraints.txt")


def _pip(*arguments: str | Path) -> None:
    call = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The `bin` folder of an empty environment that got nothing but the wheel and what the wheel asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--build-constraint", LOCK, "--wheel-dir", folder, ROOT)
    venv.create(folder / "env", with_pip=False)
    _pip("--python", folder / "env/bin/python", "install", "--constraint", LOCK, next(folder.glob("*.whl")))
    yield folder / "env/bin"
    shutil.rmtree(folder)  # some hundred megabytes, which pytest would keep for three runs


@pytest.fixture
def surroundings() -> dict[str, str]:
    """An environment without this project's settings or paths."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GRIDMAP_", "PYTHON", "VIRTUAL_ENV"))}


@pytest.fixture
def address(programs: Path, tmp_path: Path, surroundings: dict[str, str]) -> Iterator[str]:
    """Where the installed service answers, on a database that it has just made."""
    log = tmp_path / "log"
    with kept_port() as port, log.open("w") as written:
        call = [str(programs / "gridmap"), "serve", "--port", str(port)]
        service = subprocess.Popen(call, cwd=tmp_path, env=surroundings, stdout=written, stderr=subprocess.STDOUT)
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}", service, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            service.terminate()
            service.wait(patient.SECONDS)


def _wait_until_it_answers(address: str, service: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + patient.SECONDS
    while time.monotonic() < until:
        assert service.poll() is None, log.read_text()
        try:
            _get(f"{address}/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the service did not answer:\n{log.read_text()}")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=patient.SECONDS) as answer:
        text: str = answer.read().decode("utf-8", "replace")
        return text


def test_the_installed_command_starts(programs: Path, tmp_path: Path, surroundings: dict[str, str]) -> None:
    said = subprocess.run([programs / "gridmap", "--version"], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True)
    assert said.stdout == f"gridmap {__version__}\n"


def test_the_installed_service_serves_its_pages_and_all_that_they_load(address: str) -> None:
    """Templates, words, migrations, modules, Leaflet and Swagger UI came with the wheel, and no page names another host."""
    for page in ("/", "/docs"):
        html = _get(address + page)
        loads = re.findall(r"<(?:script|link|img)[^>]*?(?:src|href)=[\"']([^\"']+)[\"']", html)
        assert loads, f"{page} loads nothing"
        for link in loads:
            assert link.startswith(("/", "data:")), f"{page} loads {link} from elsewhere"
            if link.startswith("/"):
                assert _get(address + link), f"{page} loads {link}, which is empty"
