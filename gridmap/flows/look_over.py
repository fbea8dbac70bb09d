"""Everything that an operator should know before a service is started, or while it runs: all that is wrong, at once."""

import os
from collections.abc import Iterator
from pathlib import Path

from gridmap.access import Action, Actor, allowed
from gridmap.errors import Refusal
from gridmap.flows.audit import anchor_file
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.store.anchors import read_private_key
from gridmap.store.readiness import why_not_ready
from gridmap.words import Sayable, Sentence


def look_over(settings: Settings, *, actor: Actor) -> tuple[Sayable, ...]:
    """What is wrong with files and database that usable settings name, each as a sentence with what to do. Nothing is made or changed."""
    return (*_of_anchor_key(settings.anchor_key_file), *_of_database(settings, actor))


def _of_anchor_key(path: Path | None) -> Iterator[Sayable]:
    if path is None:
        return
    try:
        read_private_key(path)
    except Refusal as refusal:
        yield refusal
    except OSError as fault:
        yield Sentence("ready.anchor_key", {"path": str(path), "reason": fault.strerror or str(fault)})


def _of_anchors(path: Path | None) -> Iterator[Sayable]:
    if path and not os.access(path if path.exists() else path.parent, os.W_OK):
        yield Sentence("ready.anchors_closed", {"path": str(path)})


def _of_database(settings: Settings, actor: Actor) -> tuple[Sayable, ...]:
    try:
        with Store.open(settings.database_url, make=False) as store:
            return (*why_not_ready(store, allowed(actor, Action.SERVICE_USE)), *_of_anchors(anchor_file(store, settings.anchor_file)))
    except Refusal as refusal:
        return (refusal,)
