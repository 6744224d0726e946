"""How files come in: from a path or an address, until it is known what they are, and pieces of uploads."""
