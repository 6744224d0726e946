"""Fills the index: turns one media file into windows, segments, screen text and vectors."""
