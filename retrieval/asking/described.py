"""Whether a query describes what is seen or heard, as captions do, rather than what is said. Pure."""

import re

_LEAD = (
    r"(?:(?:please|show|find|me|the|an?|any|some|all|where|when|moments?|scenes?|shots?|clips?|videos?|images?|"
    r"pictures?|photos?|views?|close-?ups?|footage|of|in which|(?:there|this|here|it) (?:is|are))\s+)*?"
)
"""How people begin to ask for anything."""

_MANY = "one|two|three|four|five|six|seven|eight|nine|ten|some|several|many|few|both|another|[1-9][0-9]?"
_DESCRIBES = re.compile(
    rf"{_LEAD}((?:the\s+)?(?:sounds?|noises?)\s+of\b|"
    rf"(?:someone|somebody|nobody|everyone|everybody|people|persons?|men|women|children|kids|boys|girls|man|woman)\b|"
    rf"(?:an?|{_MANY})\s+[^\W\d][\w'’-]*)",
    re.IGNORECASE,
)
"""A description begins with somebody, or with something that was not named before: "a man", "two dogs"."""

_HEAD_ENDS = re.compile(
    r"\b(?:about|against|at|by|during|for|from|in|is|are|on|over|that|to|under|which|who|with|\w+ing)\b", re.IGNORECASE
)
_SAID = re.compile(
    r"\b(?:advice|announcements?|answer|apolog(?:y|ies)|arguments?|chapters?|claim|comment|comparisons?|"
    r"conclusions?|conversations?|debate|decisions?|definitions?|descriptions?|differences?|discussions?|estimate|"
    r"examples?|explanations?|facts?|forecast|history|hypothes[ei]s|ideas?|interview|introductions?|jokes?|lecture|"
    r"law|lessons?|meanings?|mentions?|message|methods?|name|news|opinions?|plan|polic(?:y|ies)|predictions?|"
    r"prices?|problems?|promise|proofs?|proposals?|question|quot(?:e|ations?)|reason|recipes?|reference|"
    r"remark|report|riddles?|rule|speech|speeches|statements?|stor(?:y|ies)|strateg(?:y|ies)|suggestions?|"
    r"summar(?:y|ies)|talk|term|theor(?:y|ies)|thoughts?|tips?|warnings?|ways?|words?)\b",
    re.IGNORECASE,
)
"""What is said, not seen: "a riddle about a lobster". In the singular where the plural is a verb: "a man talks"."""

_MEASURED = re.compile(
    rf"(?:{_MANY})\s+(?:percent|per cent|dollars?|euros?|pounds?|hundred|thousand|million|billion|years?|months?|"
    r"weeks?|days?|hours?|minutes?|seconds?|points?|times?|to)\b",
    re.IGNORECASE,
)
"""A number that somebody tells."""

_SPEAKING = re.compile(r"\b(?:i|i['’]m|me|my|we|us|our|you|your|why|how|what)\b", re.IGNORECASE)
"""Captions neither speak of themselves nor ask."""

_NAME = re.compile(r"(?<=[^\W\d_] )[A-Z][a-z]+")
"""A name is told, not seen: "a soloist who played with Miller"."""

_MOST_NAMES = 2
"""Where more words have capitals, they are no names: A Title Written So."""

WRITTEN = re.compile(
    r"\b(?:banners?|billboards?|charts?|code|diagrams?|documents?|equations?|formulas?|graphs?|headlines?|labels?|letters?|"
    r"lists?|logos?|maps?|menus?|newspapers?|numbers?|pages?|plates?|posters?|scoreboards?|screens?|signs?|slides?|tables?|"
    r"text|titles?|websites?|writing)\b",
    re.IGNORECASE,
)
"""What writing is on: somebody who describes it may well mean the writing."""


def speaks(text: str) -> bool:
    """Whether somebody speaks of themselves or asks, as captions never do."""
    return bool(_SPEAKING.search(text))


def described(text: str) -> str | None:
    """The first words of a query that describes a sight or a sound ("a man", "two dogs"); None of any other."""
    found = _DESCRIBES.match(text)
    if found is None:
        return None
    description = text[found.start(1) :]
    if speaks(description) or 0 < len(_NAME.findall(description)) <= _MOST_NAMES:
        return None
    head = _HEAD_ENDS.split(description, maxsplit=1)[0]
    return None if _SAID.search(head) or _MEASURED.match(description) else found[1]
