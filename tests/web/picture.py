"""The picture of the README, taken anew: `make picture`. The made-up county on the real service, in a real Chromium, one incident opened.

The demonstration makes the same county and reports each time, so that only what was changed looks otherwise (and the dates).
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.web.conftest import chromium_with, watched

PROGRAM = Path(sys.executable).with_name("gridmap")
PICTURE = Path(__file__).parents[2] / "data/pictures/command-centre.png"
OPENED = "-002767"  # a road that caved in, in the county town: with cell, worker, office and a point that was converted
NEARER = 2  # steps from the whole county
TO_THE_MIDDLE = 2  # steps of the map, until the opened one is in the middle of what the panel leaves
MOST = 250_000  # bytes: whoever reads the README loads it
SIGNS = (0xD9, 0x77, 0x0B, 0xC6, 0x28, 0x28, 0x4A, 0xDE, 0x80)
"""What little of the picture is complex, difficult and live, in colours that a choice by how much there is of each would lose."""


@contextmanager
def demonstration(folder: str) -> Iterator[str]:
    """The address of the service over a new county in this folder."""
    subprocess.run([PROGRAM, "demo", "--no-serve"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with subprocess.Popen([PROGRAM, "serve", "--port", "0", "--json"], cwd=folder, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield json.loads(running.stdout.readline())["url"].removesuffix("/")
        finally:
            running.terminate()


def taken(url: str) -> bytes:
    """The command centre as a reader of English sees it, when the map and the list are whole."""
    with sync_playwright() as playwright, chromium_with(playwright) as browser, watched(browser, url) as seen:
        page = seen.open()
        page.wait_for_function("!document.querySelector('#tabs b').textContent.includes('…')")
        for _ in range(NEARER):
            page.click(".leaflet-control-zoom-in")
            page.wait_for_timeout(500)
        page.fill("#search", OPENED)
        page.locator("#list .row").first.click()
        page.wait_for_selector("#panel h2")
        page.fill("#search", "")
        page.locator(".leaflet-container").focus()
        for _ in range(TO_THE_MIDDLE):  # and once the map has moved, names step aside for signs
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(500)
        page.locator("#panel h2").focus()
        page.mouse.move(700, 20)
        page.wait_for_timeout(2000)  # names and signs settle
        assert (seen.foreign, seen.faults) == ([], [])
        return page.screenshot()


def of_a_small_file(shot: Image.Image) -> Image.Image:
    """The picture in the 256 colours that suit it best, the signs' own among them."""
    most = shot.quantize(256 - len(SIGNS) // 3, kmeans=3).getpalette() or []
    chosen = Image.new("P", (1, 1))
    chosen.putpalette([*most, *SIGNS])
    return shot.quantize(palette=chosen, dither=Image.Dither.NONE)


def main() -> None:
    """Take it and keep it."""
    with TemporaryDirectory() as folder, demonstration(folder) as url:
        shot = Image.open(BytesIO(taken(url))).convert("RGB")
    of_a_small_file(shot).save(PICTURE, optimize=True)
    size = PICTURE.stat().st_size
    print(f"{PICTURE}: {shot.width} x {shot.height}, {size:,} bytes")
    if size > MOST:
        sys.exit(f"That is more than {MOST:,} bytes.")


if __name__ == "__main__":
    main()
