"""Functions called in a process of their own, so that what breaks them breaks nothing else."""
