"""The command line: `moments`, its commands, and what they print."""
