"""Tests of the rule language and its catalogue, file for file."""
