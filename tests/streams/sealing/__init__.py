"""Tests of personal values at rest."""
