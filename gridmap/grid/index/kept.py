"""Where compiled code is kept: once a user and machine, for every copy of the same sources."""

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import llvmlite.binding
import numba
from numba.core.caching import UserProvidedCacheLocator

HERE = Path(__file__).parent
KEPT_VERSIONS = 8


def _folder() -> Path | None:
    """The folder for compiled code: among the user's caches, else beside the sources; None where neither may be written.

    It is named by what all sources of the engine are, since numba itself does not see when a function changes that another file calls;
    and by what compiles them for what, so that code which is there is code that will run.
    """
    made_for = f"{numba.__version__} {sys.version} {llvmlite.binding.get_host_cpu_name()}"
    sources = b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))
    name = f"compiled-{hashlib.sha256(sources + made_for.encode()).hexdigest()[:16]}"
    for parent in (Path(os.path.expanduser("~")) / ".cache" / "gridmap", HERE / "__pycache__"):
        folder = parent / name
        with suppress(OSError):
            if not folder.exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _forget_old(parent)
            if os.access(folder, os.W_OK):
                return folder
    return None


def _forget_old(parent: Path) -> None:
    """Of the code of other versions, only the latest is of use to anybody; whoever still needs another compiles it again."""
    others = sorted(parent.glob("compiled-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in others[KEPT_VERSIONS:]:
        shutil.rmtree(old, ignore_errors=True)


KEPT_IN = _folder()


class Kept(UserProvidedCacheLocator):
    """Numba's way of finding compiled code, but for that it does not ask where the sources lie."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        return ""
