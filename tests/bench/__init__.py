"""The bench is only worth its numbers if the log and the loops it compares with are right."""
