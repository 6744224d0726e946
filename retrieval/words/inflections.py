"""English words and their forms: what a word may be a form of, and the forms that a word has. Pure.

By the rules of spelling, which tell "hated" (hate) from "hats" (hat), and a table of what has none.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_IRREGULAR = """
be been being was were am are is | begin began begun | bend bent | bite bitten | blow blew blown | break broke broken
bring brought | build built | buy bought | catch caught | child children | choose chose chosen | come came | deal dealt
die dying | dig dug | do does did done | draw drew drawn | drink drank drunk | drive drove driven | eat ate eaten
fall fallen | feed fed | fight fought | fly flew flown | foot feet | forget forgot forgotten | freeze froze frozen
get got gotten | give gave given | go goes went gone | goose geese | grow grew grown | half halves | hang hung
have has had having | hear heard | hide hid hidden | hold held | keep kept | knife knives | know knew known | lead led
leaf leaves | lend lent | lie lying | life lives | light lit | lose lost | louse lice | make made | man men | mean meant
meet met | mouse mice | ox oxen | pay paid | person people | read | ride rode ridden | ring rang rung | rise risen
run ran | say said | seek sought | sell sold | send sent | shake shook shaken | shelf shelves | shoot shooting
show shown | shrink shrank shrunk | sing sang sung | sink sank sunk | sit sat | sleep slept | slide slid
speak spoke spoken | spend spent | spin spun | stand stood | steal stole stolen | stick stuck | strike struck
swear swore sworn | sweep swept | swim swam swum | swing swung | take took taken | teach taught | tear tore torn
tell told | thief thieves | think thought | throw threw thrown | tie tying | tooth teeth | understand understood
wake woke woken | wear wore worn | weave wove woven | weep wept | wife wives | win won | wolf wolves | woman women
write wrote written
"""
"""A word, then its forms that follow no rule, but for those that are mostly another word: "saw", "left", "rose"."""

_NO_FORMS = frozenset("evening glasses news physics species series".split())
"""Words that look like forms of others, and mean something else."""

_VOWEL = re.compile(r"[aeiouy]")
_SHORT = re.compile(r"[^aeiou]*[aeiouy][^aeiouwxy]")
"""One syllable that ends as "hat" does: its last letter is doubled, so that "hating" is of "hate"."""

_TAKES_ES = ("s", "x", "z", "ch", "sh", "o")


def _tables() -> tuple[Mapping[str, str], Mapping[str, tuple[str, ...]]]:
    bases: dict[str, str] = {}
    forms: dict[str, tuple[str, ...]] = {}
    for entry in _IRREGULAR.replace("\n", "|").split("|"):
        if entry.split():
            base, *irregular = entry.split()
            bases |= dict.fromkeys(irregular, base)
            forms[base] = tuple(irregular)
    return bases, forms


_BASES, _FORMS = _tables()


@lru_cache(maxsize=65_536)
def bases(word: str) -> frozenset[str]:
    """What a word in lower case may be a form of, itself included; some of them are no words.

    Two words are forms of one where these share something.
    """
    found = {word, _BASES.get(word, word)}
    if len(word) < 3 or not word.isascii() or not word.isalpha() or word in _NO_FORMS:
        return frozenset(found)
    if word.endswith(("ies", "ied")):
        found |= {word[:-3] + "y", word[:-1]}
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        found.add(word[:-1])
        if len(word) > 4 and word.endswith("es") and word[:-2].endswith(_TAKES_ES):
            found.add(word[:-2])
    elif word.endswith("eed"):
        found.add(word[:-1])  # "freed"
    else:
        for ending in ("ing", "ed"):
            if word.endswith(ending):
                found |= _without(word.removesuffix(ending))
    return frozenset(found)


def _without(root: str) -> set[str]:
    """The words of which ``root`` is what an ending leaves."""
    if len(root) < 2 or not _VOWEL.search(root):
        return set()
    if root[-1] == root[-2]:
        return {root, root[:-1]}
    if _SHORT.fullmatch(root):
        return {root + "e"}
    return {root, root + "e"}


@lru_cache(maxsize=8_192)
def forms(base: str) -> tuple[str, ...]:
    """A word and the forms that it has if it is a noun or a verb."""
    if len(base) < 2 or not base.isascii() or not base.isalpha():
        return (base,)
    root, last = base, base[-1]
    plural, past = base + "s", ""
    if last == "y" and base[-2] not in "aeiou":
        plural, past = base[:-1] + "ies", base[:-1] + "ied"
    elif last == "e":
        root = base[:-1]
    elif _SHORT.fullmatch(base):
        root = base + last
    more = [base + "es"] if base.endswith(_TAKES_ES) else []
    if last == "e" and base[-2] in "eoy":
        more.append(base + "ing")
    if last == "l":
        more += [base + "led", base + "ling"]
    return tuple(dict.fromkeys((base, plural, past or root + "ed", root + "ing", *more, *_FORMS.get(base, ()))))
