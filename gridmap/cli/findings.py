"""Findings told to a person: how many of each, and the first few with their place."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridmap.cli.door import LANG, words
from gridmap.errors import FindingsRefuse

if TYPE_CHECKING:
    from gridmap.grid import Finding

SHOWN = 3


def findings_text(findings: "Sequence[Finding]", *, report: Path | None) -> str:
    """The worst first, and where all are told with their places; empty where there are none."""
    order = ["error", "warning", "note"]
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((order.index(finding.severity), finding.code), []).append(finding)
    lines: list[str] = []
    for (rank, code), group in sorted(groups.items()):
        lines.append(f"{words(f'cli.severity_{order[rank]}')}  {len(group):>6,} × {code}")
        lines += [f"         {finding.text(LANG)}{_place(finding)}" for finding in group[:SHOWN]]
        if len(group) > SHOWN:
            lines.append("         " + words("cli.findings_more", count=len(group) - SHOWN))
    if any(finding.lon is not None for finding in findings):
        lines.append(words("cli.findings_saved", file=report) if report else words("cli.findings_save"))
    return "\n".join(lines)


def findings_json(findings: "Sequence[Finding]") -> list[dict[str, Any]]:
    return [finding.as_dict(LANG) for finding in findings]


def save_report(path: Path | None, findings: "Sequence[Finding]") -> None:
    """Write the report that was asked for."""
    if path is not None:
        from gridmap.boundaries.report import write_report  # noqa: PLC0415 (heavy)

        write_report(path, findings, LANG)


@contextmanager
def refusal_told(report: Path | None, *, json: bool, source: Path | None = None) -> Iterator[None]:
    """Tell and save every finding of what is refused inside; the refusal itself goes on to the door.

    A report that could not be written, or would be written over `source`, is refused first.
    """
    if report is not None:
        from gridmap.boundaries.report import check_report  # noqa: PLC0415 (heavy)

        check_report(report, source)
    try:
        yield
    except FindingsRefuse as refusal:
        findings: Sequence[Any] = refusal.findings
        save_report(report, findings)
        if not json:
            print(findings_text(findings, report=report), file=sys.stderr)
        raise


def _place(finding: "Finding") -> str:
    return "" if finding.lon is None or finding.lat is None else f"  ({finding.lon:.5f}, {finding.lat:.5f})"
