"""How files come in: from a path, an upload or an address, until it is known what they are."""
