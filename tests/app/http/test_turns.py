"""Whose turn it is among searches: long ones wait while short ones are at work."""

import threading
import time
from collections.abc import Iterator

import pytest

from app.http.turns import FEW_TERMS, LONG_S, MOST_WAITED_S, Turn, Turns
from retrieval.asking.query import Query, parse_term
from retrieval.domain import never

SHORT = Query((parse_term("a dog"),))
LONG = Query((parse_term("a dog"),), exclude=tuple(parse_term(f"number {n}") for n in range(FEW_TERMS)))


@pytest.fixture
def turns() -> Iterator[Turns]:
    kept = Turns()
    yield kept
    assert not kept.at_work


def test_a_long_search_goes_on_when_the_short_one_has_ended(turns: Turns) -> None:
    short, long = Turn(turns, never).of(SHORT), Turn(turns, never).of(LONG)
    short()
    went_on = threading.Event()

    def go_on() -> None:
        long()
        went_on.set()

    thread = threading.Thread(target=go_on)
    thread.start()
    assert not went_on.wait(0.2)
    short.end()
    assert went_on.wait(60)
    thread.join()
    long.end()


def test_short_searches_and_long_ones_among_themselves_do_not_wait(turns: Turns) -> None:
    for query in (SHORT, LONG):
        several = [Turn(turns, never).of(query) for _ in range(3)]
        began_s = time.monotonic()
        for turn in several:
            assert turn() is False
        assert time.monotonic() - began_s < 1.0
        for turn in several:
            turn.end()


def test_a_search_that_has_worked_long_is_a_long_one(turns: Turns) -> None:
    turn = Turn(turns, never).of(SHORT)
    turn()
    was_long = turn.is_long
    until_s = time.thread_time() + LONG_S
    while time.thread_time() < until_s:
        pass
    turn()
    assert (was_long, turn.is_long) == (False, True)
    turn.end()


def test_a_search_with_a_file_lets_others_pass(turns: Turns) -> None:
    assert Turn(turns, never).of(SHORT, with_file=True).is_long


def test_a_long_search_waits_only_so_long_in_all(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http.turns.MOST_WAITED_S", 0.05)
    short, long = Turn(turns, never).of(SHORT), Turn(turns, never).of(LONG)
    short()
    assert long() is False
    assert MOST_WAITED_S > 1
    short.end()
    long.end()


def test_it_says_what_it_was_made_of_and_counts_only_from_the_first_look_on(turns: Turns) -> None:
    turn = Turn(turns, lambda: True)
    assert not turns.at_work
    assert turn() is True
    assert turn in turns.at_work
    turn.end()
