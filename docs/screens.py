"""Photograph a page in a real Chromium, 1280 and 390 pixels wide: python docs/screens.py PAGE.html PICTURE [HEIGHT]."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

WIDTHS = (1280, 390)
HEIGHT = 1120
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


def main() -> None:
    """Write PICTURE-1280.png and PICTURE-390.png."""
    from playwright.sync_api import sync_playwright

    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        sys.exit("no chromium on this machine; install one")
    height = int(sys.argv[3]) if len(sys.argv) == 4 else HEIGHT
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for width in WIDTHS:
            context = browser.new_context(offline=True, viewport={"width": width, "height": height})
            page = context.new_page()
            page.goto(Path(sys.argv[1]).absolute().as_uri())
            page.wait_for_timeout(1500)  # charts in view are drawn anew, for the width of the screen
            page.screenshot(path=f"{sys.argv[2]}-{width}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
