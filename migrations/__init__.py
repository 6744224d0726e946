"""The catalog's history, one revision per change."""

HEAD = "0014"
"""The newest revision: known here so that opening an up-to-date catalog need not load Alembic."""
