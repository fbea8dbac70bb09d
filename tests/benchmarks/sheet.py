"""docs/benchmarks.md: what was measured, on which machine, with which versions."""

import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numba", "numpy", "shapely", "geopandas", "pyarrow", "duckdb", "sedonadb")
OUT = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@dataclass
class Sheet:
    """Tables under headings, in the order in which they were measured."""

    sections: list[str] = field(default_factory=list)

    def add(self, heading: str, about: str, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, ("---",) * len(head), *rows)]
        text = f"## {heading}\n\n{about}\n\n" + "\n".join(lines)
        self.sections.append(text)
        print(f"\n{text}")

    def write(self) -> None:
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text("\n\n".join([_head(), *self.sections]) + "\n", encoding="utf-8")


def _head() -> str:
    return (
        "# Benchmarks\n\n"
        "Made by `make bench`; medians, with the spread of the runs behind them. Every engine answers the same fresh points in one run;\n"
        "one that is not installed is told as missing. On a busy machine all figures are smaller, ratios less so.\n\n"
        f"Machine: {_processor()}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; load when this was written: {os.getloadavg()[0]:.1f}.\n"
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
