"""Says what to decide: the rule language, its compiler and the shipped catalogue."""
