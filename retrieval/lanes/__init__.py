"""The lanes: how each finds candidates, what its scores are worth, and where a moment starts and ends."""
