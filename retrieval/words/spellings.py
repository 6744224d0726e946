"""British and American spellings of one English word. Pure."""

import re
from functools import lru_cache

_PAIRS = """
aeroplane airplane | ageing aging | aluminium aluminum | analogue analog | artefact artifact | axe ax
catalogue catalog | cheque check | cosy cozy | defence defense | dialogue dialog | doughnut donut | draught draft
enrol enroll | foetus fetus | fulfil fulfill | gaol jail | grey gray | instalment installment | jewellery jewelry
judgement judgment | kerb curb | licence license | manoeuvre maneuver | maths math | mould mold | moustache mustache
mum mom | offence offense | orthopaedic orthopedic | paediatric pediatric | plough plow | practise practice
programme program | pyjamas pajamas | sceptic skeptic | sceptical skeptical | skilful skillful | smoulder smolder
sulphur sulfur | tyre tire | whisky whiskey | yoghurt yogurt
"""
"""What no rule below turns into the other, British first."""

_AMERICAN = dict(pair.split() for pair in _PAIRS.replace("\n", "|").split("|") if pair.split())
_BRITISH = {american: british for british, american in _AMERICAN.items()}

_RULES = (
    # colour, neighbourhood, favourite; neither "four" nor "flour"
    (re.compile(r"(?<=[a-z]{2})(?<!fl)(?<!sc)our"), "or", re.compile(r"(?<=[a-z]{2})or"), "our"),
    (re.compile(r"(?<=[a-z]{3})is(?=e$|ed$|es$|er|ing$|ation)"), "iz", re.compile(r"iz(?=e|ing$|ation)"), "is"),
    (re.compile(r"ys(?=e$|ed$|es$|er|ing$)"), "yz", re.compile(r"yz(?=e|ing$)"), "ys"),
    (re.compile(r"(?<=[a-z])([tb])re$"), r"\1er", re.compile(r"(?<=[a-z])([tb])er$"), r"\1re"),
    (re.compile(r"(?<=[a-z]{3})([aeiou]l)l(?=er|or|ous|ed$|ing$)"), r"\1",
     re.compile(r"(?<=[a-z]{3})([aeiou]l)(?=er|or|ous|ed$|ing$)"), r"\1l"),
)  # fmt: skip
"""From British to American, and back: what is found, and what takes its place."""


@lru_cache(maxsize=65_536)
def american(word: str) -> str:
    """A word in lower case as Americans write it; of one that both write alike perhaps no word, but always the same."""
    if word in _AMERICAN:
        return _AMERICAN[word]
    for british, to, _, _ in _RULES:
        word = british.sub(to, word)
    return word


def spellings(word: str) -> tuple[str, ...]:
    """The word, and what it may be in the other country's spelling."""
    there = [_AMERICAN.get(word), _BRITISH.get(word)]
    for british, to_american, american_, to_british in _RULES:
        there += [british.sub(to_american, word), american_.sub(to_british, word)]
    return tuple(dict.fromkeys([word, *(one for one in there if one)]))
