"""Everything that opens a media file: what it holds, one decoding pass, one clock, pictures and sound out of it."""
