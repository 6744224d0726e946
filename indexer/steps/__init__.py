"""The steps from what was decoded to what can be searched, and where each leaves its work."""
