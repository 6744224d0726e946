"""The REST API and the web page over HTTP: routes, their bodies, and what happens around every request."""
