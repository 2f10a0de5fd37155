"""The house style as tests: imports, purity, words, packaging."""
