"""docs/benchmarks.md: what was measured, on which machine, with which versions."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numba", "numpy", "shapely", "geopandas", "pyarrow", "duckdb", "sedonadb")
OUT = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@dataclass
class Sheet:
    """Tables under headings. What a run did not measure stays as it was told before, with the commit that it was measured on."""

    sections: dict[str, str] = field(default_factory=dict)

    def add(self, heading: str, about: str, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, ("---",) * len(head), *rows)]
        self.sections[heading] = f"## {heading}\n\n{about}\n{_when()}\n\n" + "\n".join(lines)
        print(f"\n{self.sections[heading]}")

    def write(self) -> None:
        OUT.parent.mkdir(exist_ok=True)
        told = _sections(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
        OUT.write_text("\n\n".join([_head(), *(told | self.sections).values()]) + "\n", encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    """Each section by its heading, as it stands."""
    parts = [part.strip() for part in text.split("\n## ")[1:]]
    return {part.partition("\n")[0]: f"## {part}" for part in parts}


def _when() -> str:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=OUT.parent, capture_output=True, text=True, check=False).stdout
    return f"Measured on {datetime.now(UTC).date()}, commit {commit.strip() or 'unknown'}; load before it {os.getloadavg()[0]:.1f}."


def _head() -> str:
    return (
        "# Benchmarks\n\n"
        "Made by `make bench`; medians, with the spread of the runs behind them. Every engine answers the same fresh points in one run;\n"
        "one that is not installed is told as missing. On a busy machine all figures are smaller, ratios less so. What a run did not\n"
        "measure stays as it was, with its date and commit.\n\n"
        f"Machine: {_processor()}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}.\n"
        f"Versions: {', '.join(f'{name} {_version(name)}' for name in PACKAGES)}."
    )


def _processor() -> str:
    named = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return named[0] if named else platform.processor()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
