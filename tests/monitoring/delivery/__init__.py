"""Tests of delivery: its laws with a made-up clock, its formats, and real receivers that fail in every way."""
