"""Opens the doors: command line, REST API and web page."""
