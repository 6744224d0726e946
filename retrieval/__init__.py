"""Owns the index: encodes queries, searches every lane and returns moments."""
