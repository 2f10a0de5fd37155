"""Tests of the engine, file for file."""
