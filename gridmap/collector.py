"""How often Python looks for rings of objects that nobody holds."""

import gc

SELDOM = 50_000, 20, 100
"""After so many new objects. At its own 700 intake spends up to half of its time on looking through editions and registers that stay."""


def collect_seldom() -> None:
    """For a process that holds a county: nothing is kept longer than some megabytes."""
    gc.set_threshold(*SELDOM)
