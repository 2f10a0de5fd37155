"""The front door: the command line and its settings, nothing else."""
