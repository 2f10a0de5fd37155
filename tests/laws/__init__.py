"""One test file a law of the design."""
