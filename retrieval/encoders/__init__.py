"""Models that turn frames, sounds, speech and words into vectors, one module per family."""
