"""How good answers are, measured against known moments."""
