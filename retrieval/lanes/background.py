"""A fixed bank of everyday descriptions, to tell a match from what matches everything."""

_SUBJECTS = (
    "a man", "a woman", "a child", "a group of people", "two people", "a crowd", "a dog", "a cat", "a horse",
    "a bird", "a car", "a bus", "a train", "an airplane", "a boat", "a bicycle", "a motorcycle", "a truck",
    "a table", "a chair", "a bed", "a sofa", "a kitchen", "a bathroom", "a computer", "a phone", "a book",
    "a clock", "a bottle", "a cup", "a plate of food", "a pizza", "a cake", "fruit", "vegetables", "flowers",
    "trees", "a mountain", "a beach", "the sea", "a river", "snow", "the sky", "a street", "a building",
    "a bridge", "a field of grass", "a park", "a ball game", "a tennis player", "a surfer", "a skier",
    "a skateboarder", "an elephant", "a giraffe", "a zebra", "a bear", "a cow", "a sheep", "a traffic light",
    "a stop sign", "a bench", "an umbrella", "a suitcase", "a kite", "a toy", "a slide with text",
    "a chart", "a map", "a painting", "a statue", "a fire", "a machine", "a tool", "a musical instrument",
)  # fmt: skip
_PREDICATES = (
    "seen up close", "standing outside", "in a room", "on the road", "near the water", "at night",
    "sitting down", "walking along", "in black and white", "next to a window", "with other people",
    "in the background", "on a sunny day", "being held", "moving fast",
)  # fmt: skip


def background_texts() -> tuple[str, ...]:
    """About 150 short descriptions of common things, in a fixed order."""
    count = len(_PREDICATES)
    return tuple(
        f"{subject} {_PREDICATES[(2 * row + turn * 7) % count]}"
        for row, subject in enumerate(_SUBJECTS)
        for turn in range(2)
    )
