"""Requests that nobody would think of, made by Schemathesis from the service's own description, and judged by all its checks."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

# Two that Schemathesis leaves out of its own lists: what a description cannot say is refused with a sentence (422), and a body that is
# longer than any may be is not read to its end (413).
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 503]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429, 503]
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 406, 409, 412, 415, 422, 428]
"""
LEFT_OUT = r"^/api/(live|session)$"
"""The stream never ends; signing out would leave all that follows to somebody who is nobody."""
SECONDS = 10  # for one answer; a machine that is busy with other tests takes its time


class Judged(NamedTuple):
    """How many requests were made, and what was wrong with their answers, each with the request that shows it."""

    requests: int
    faults: list[str]


def ask_anything(url: str, folder: Path, *, examples: int, seed: int, headers: Mapping[str, str]) -> Judged:
    """Ask every operation of the service at `url` up to so many questions (and what its description's bounds suggest)."""
    (folder / "schemathesis.toml").write_text(CONFIG)
    events = folder / "events.ndjson"
    command = [str(Path(sys.executable).with_name("st")), "--config-file", str(folder / "schemathesis.toml"), "run", f"{url}/openapi.json"]
    command += ["--checks", "all", "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure", "--workers", "2"]
    command += ["--phases", "examples,coverage,fuzzing", "--exclude-path-regex", LEFT_OUT, "--max-response-time", str(SECONDS)]
    command += ["--suppress-health-check", "all", "--no-color", "--report", "ndjson", "--report-ndjson-path", str(events)]
    command += [part for name, text in headers.items() for part in ("-H", f"{name}:{text}")]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in events.read_text("utf-8").splitlines()] if events.exists() else []
    assert found, told.stdout + told.stderr
    return _judged(found)


def _judged(events: list[dict[str, Any]]) -> Judged:
    done = [event["ScenarioFinished"]["recorder"] for event in events if "ScenarioFinished" in event]
    faults = [
        f"{each['label']}: {check['name']}: {json.dumps(each['cases'][case]['value'], ensure_ascii=False)[:2000]}"
        for each in done
        for case, checks in each.get("checks", {}).items()
        for check in checks
        if check["status"] == "failure"
    ]
    return Judged(sum(len(each.get("interactions", ())) for each in done), faults)
