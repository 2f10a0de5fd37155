"""When the next checkpoint comes, on every runner."""

from __future__ import annotations

from typing import Final

CHECKPOINT_EVERY: Final = 30_000  # Inputs between two checkpoints, at least, unless somebody says otherwise.
# Where much changes between two checkpoints they come less often: to write an entry costs less than to decide an input,
# so writing state never takes more than a fraction of the time, and a restart grows with the state alone. An entry that
# is gone does not count: it costs little, and each input leaves some behind, so that the next would never come.
INPUTS_AN_ENTRY: Final = 3
