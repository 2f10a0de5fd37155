"""The tests; folders mirror the packages, and the laws have a folder of their own."""
