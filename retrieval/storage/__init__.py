"""Where the index lies: vectors in Qdrant, everything else in SQL."""
