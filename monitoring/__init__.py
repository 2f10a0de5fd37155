"""Shows what was decided, and why."""
