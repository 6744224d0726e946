"""Moments in the formats of editors, players and spreadsheets."""
