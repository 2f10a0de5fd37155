"""Tests of sources, stores and runners, file for file."""
