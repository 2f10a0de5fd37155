"""Who is at the keyboard, where a call does not say who answers for it."""

from __future__ import annotations

import getpass
import os


def login() -> str:
    """Return the name of whoever is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # A user without a name, as in some containers.
        return f"user {os.getuid()}"
