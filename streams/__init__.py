"""Moves data: sources, stores and the runners that drive the engine."""
