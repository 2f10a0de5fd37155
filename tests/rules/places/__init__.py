"""Tests of what rules compile to."""
