"""Whose turn it is among the searches at work: the long ones let pass the short ones.

All threads share one interpreter and a few processors: beside some searches of twenty exclusions each, an ordinary one
would take as many times as long. So that it does not, the long ones wait a little at each look whether their caller is
still there.
"""

import time

from retrieval.asking.query import Query
from retrieval.domain import Gone

FEW_TERMS = 4
"""A search of more steps and exclusions than these is a long one."""

LONG_S = 0.4
"""Processor time of its own thread after which any search is a long one: an ordinary one takes less."""

MOST_WAITED_S = 10.0
"""A long search lets others pass for so long in all, and then no more."""

_LOOK_EVERY_S = 0.01


def takes_long(terms: int) -> bool:
    """Whether a search of so many steps and exclusions is a long one from its start."""
    return terms > FEW_TERMS


class Turn:
    """One search at work, asked in the place of ``gone``: it says the same, after whoever may go first has passed."""

    def __init__(self, turns: "Turns", gone: Gone) -> None:
        self.is_long = False
        self._turns = turns
        self._gone = gone
        self._began_s: float | None = None
        self._waited_s = 0.0

    def of(self, query: Query, *, with_file: bool = False) -> "Turn":
        """The turn as one of this query; whoever sends a file waits for its decoding anyway, and lets others pass."""
        self.is_long = with_file or takes_long(len(query.steps) + len(query.exclude))
        return self

    def __call__(self) -> bool:
        now_s = time.thread_time()
        if self._began_s is None:
            # At work from now on: what its file was decoded for before cost nobody else a thing.
            self._began_s = now_s
            self._turns.at_work[self] = None
        self.is_long = self.is_long or now_s - self._began_s >= LONG_S
        while self.is_long and self._waited_s < MOST_WAITED_S and self._turns.is_any_short():
            time.sleep(_LOOK_EVERY_S)
            self._waited_s += _LOOK_EVERY_S
        return self._gone()

    def end(self) -> None:
        """It is at work no more."""
        self._turns.at_work.pop(self, None)


class Turns:
    """The searches at work; safe to share between threads."""

    def __init__(self) -> None:
        self.at_work: dict[Turn, None] = {}

    def is_any_short(self) -> bool:
        return not all(turn.is_long for turn in list(self.at_work))
