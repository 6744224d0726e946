"""Questions: words, pictures, sounds and speech, checked once and made ready to be searched."""
