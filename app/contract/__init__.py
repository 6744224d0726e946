"""What leaves the product as JSON: one home for its shapes."""
