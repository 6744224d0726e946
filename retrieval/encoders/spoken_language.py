"""Which language is spoken in each of a row of utterances. Pure."""

import math
from collections.abc import Mapping, Sequence

SURE_S = 2.0
"""Utterances as long as this speak for themselves; the shorter one is, the less its own figures count."""

CHANGE_ODDS = 10.0
"""How much likelier another language must be for it to be believed that the language changes."""

_FLOOR = 1e-3


def languages_of(
    heard: Sequence[Mapping[str, float]], durations_s: Sequence[float], before: str | None = None
) -> list[str]:
    """The likeliest language of each utterance, given that languages seldom change (Viterbi).

    ``heard`` has each utterance's probabilities by language, ``before`` is the language spoken before the first.
    """
    names = sorted({name for one in heard for name in one} | ({before} if before else set()))
    change = math.log(CHANGE_ODDS)
    scores = {name: 0.0 if before is None or name == before else -change for name in names}
    origins: list[dict[str, str]] = []
    for ordinal, (one, duration_s) in enumerate(zip(heard, durations_s, strict=True)):
        if ordinal:
            best = max(names, key=scores.__getitem__)
            origins.append({n: n if scores[n] >= scores[best] - change else best for n in names})
            scores = {n: max(scores[n], scores[best] - change) for n in names}
        weight = min(1.0, duration_s / SURE_S)
        scores = {n: scores[n] + weight * math.log(max(one.get(n, 0.0), _FLOOR)) for n in names}
    path = [max(names, key=scores.__getitem__)] if heard else []
    for origin in reversed(origins):
        path.append(origin[path[-1]])
    return path[::-1]


def runs_of(languages: Sequence[str]) -> list[tuple[int, int]]:
    """[first, last) of each run of the same language."""
    changes = [n for n in range(1, len(languages)) if languages[n] != languages[n - 1]]
    return list(zip([0, *changes], [*changes, len(languages)], strict=True)) if languages else []
