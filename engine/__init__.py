"""Decides: pure folds of the log, without I/O, clock, randomness or environment."""
