"""A browser: the Chromium of the system, without a window, driven by Playwright; it may reach nothing but this machine.

WEIGUARD_CHROMIUM names its program where it is not `chromium` on PATH.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

VARIABLE: Final = "WEIGUARD_CHROMIUM"
# As root it does not start with a sandbox; names that are not of this machine are not even looked up.
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-gpu",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; skip the test where there is none."""
    program = os.environ.get(VARIABLE) or shutil.which("chromium")
    if program is None:
        pytest.skip(f"no chromium on PATH, nor named by {VARIABLE} (scripts/servers says how to get it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
