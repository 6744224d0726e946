"""From candidates to the answer: one ranked list, its pages, its reasons, its curve over time."""
