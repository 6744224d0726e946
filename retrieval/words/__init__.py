"""How one word may be written: its forms, its spellings, numbers in digits or in words, abbreviations. Pure."""
