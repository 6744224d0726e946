"""Who may ask, for what, and which files of this machine they may name."""
