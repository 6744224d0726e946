"""The queue of indexing: jobs that outlive the process, how far each is, and who works on it."""
