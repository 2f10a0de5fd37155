"""A refusal: something outside is not as it must be, so the work stops before it does harm.

It says where, what was found, what was expected, and how to mend it; the command line prints it as one paragraph.
"""

from __future__ import annotations


class RefusedError(Exception):
    """The call or its input as a whole is wrong; nothing was changed by it, or only whole batches."""

    def __init__(self, where: str, found: str, expected: str = "", mend: str = "") -> None:
        self.where, self.found, self.expected, self.mend = where, found, expected, mend
        expects = f"; expected {expected}" if expected else ""
        way_out = f"; {mend}" if mend else ""
        super().__init__(
            f"{where}: found {found}{expects}{way_out}" if where else f"{found}{expects}{way_out}"
        )

    def __reduce__(self) -> tuple[type[RefusedError], tuple[str, str, str, str]]:
        """Say how it is made again, on its way from one process to another."""
        return RefusedError, (self.where, self.found, self.expected, self.mend)
