"""Alerts on their way to others: which routes ask for a record, what waits, how it is written and who has taken it."""
