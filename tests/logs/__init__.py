"""Random logs that are small, dense and awkward on purpose, and other legal orders in which they might have arrived."""
