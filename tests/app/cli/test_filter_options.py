"""The options that choose among videos: one meaning to `search`, here and served, and to `videos`."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from app.cli.commands.search import search
from app.cli.commands.videos import videos
from app.cli.main import cli
from retrieval.errors import InputError, SpeakerNotFoundError, VideoNotFoundError
from retrieval.storage.library import Library
from retrieval.storage.records import VideoEdit
from tests.app.http.test_search_doors import Moments
from tests.app.http.test_search_doors import moments as moments
from tests.fakes import TWO_VIDEOS, id_of, library_of


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A is of work and of the last day of May, B of work and sales and of the day after.

    In A, Anna says in German what there is to say while it is red, once.
    """
    told = replace(TWO_VIDEOS["a.mp4"][0], language="de", speaker=1)
    shots = {**TWO_VIDEOS, "a.mp4": (told, *TWO_VIDEOS["a.mp4"][1:])}
    with library_of(tmp_path_factory.mktemp("library"), shots) as opened:
        opened.catalog.voices.rename(id_of("a.mp4"), [1], "Anna")
        for name, tags, day in (("a.mp4", ("work",), (2026, 5, 31)), ("b.mp4", ("work", "sales"), (2026, 6, 1))):
            edit = VideoEdit(frozenset({"tags", "recorded_at"}), tags=tags, recorded_at=datetime(*day, 23, tzinfo=UTC))
            opened.catalog.edit(id_of(name), edit)
        yield opened


def listed(library: Library, *options: str) -> list[Any]:
    """What `moments --json videos` prints. Raises what it raises."""
    arguments = ["--data-dir", str(library.settings.data_dir), "--json", "videos", *options]
    outcome = CliRunner().invoke(cli, arguments, standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    found: list[Any] = json.loads(outcome.stdout)["videos"]
    return found


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ((), {"a.mp4", "b.mp4"}),
        (("--video", "a.mp4"), {"a.mp4"}),
        (("--video", "a.mp4", "--video", id_of("b.mp4")), {"a.mp4", "b.mp4"}),
        (("--path", "a*"), {"a.mp4"}),
        (("--path", "a*", "--path", "/videos/b.mp4", "--path", "*.mkv"), {"a.mp4", "b.mp4"}),
        (("--path", "*.mkv"), set()),
        (("--tag", "work"), {"a.mp4", "b.mp4"}),
        (("--tag", "work", "--tag", "sales"), {"b.mp4"}),
        (("--any-tag", "sales", "--any-tag", "board"), {"b.mp4"}),
        (("--recorded-from", "2026-05-31", "--recorded-to", "2026-05-31"), {"a.mp4"}),
        (("--recorded-from", "2026-06-01"), {"b.mp4"}),
        (("--recorded-to", "2026-06-02T00:00:00+01:00"), {"a.mp4", "b.mp4"}),
        (("--recorded-to", "2026-06-01T22:59:59Z"), {"a.mp4"}),
        (("--any-tag", "sales", "--recorded-to", "2026-05-31"), set()),
        (("--language", "de"), {"a.mp4"}),
        (("--language", "German", "--language", "fr", "--tag", "work"), {"a.mp4"}),
        (("--language", "fr"), set()),
        (("--speaker", "anna"), {"a.mp4"}),
        (("--speaker", "Anna", "--language", "fr"), set()),
    ],
)
def test_the_options_of_a_filter_mean_the_same_to_a_search_and_to_a_list(
    moments: Moments, library: Library, options: tuple[str, ...], meant: set[str]
) -> None:
    assert {Path(video["path"]).name for video in listed(library, *options)} == meant
    answer = moments.search("red", *options)
    assert answer["searched"]["videos"] == len(meant)
    assert {Path(moment["path"]).name for moment in answer["moments"]} == meant


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (("--video", "none.mp4"), VideoNotFoundError, "no video 'none.mp4'"),
        (("--tag", ""), InputError, "one of the filter's tags is empty"),
        (("--path", "a" * 600, "--path", "b" * 600), InputError, "the 2 globs have 1,200 characters"),
        (("--recorded-from", "soon"), InputError, "'soon' is no date or time as 2026-05-31"),
        (
            ("--recorded-from", "2026-06-01", "--recorded-to", "2026-05-31"),
            InputError,
            "nothing lies between 2026-06-01",
        ),
        (("--recorded-to", "9999-12-31"), InputError, "too far in the future"),
        (("--language", "xx"), InputError, "unknown language 'xx'; give a code of ISO 639, as de or deu"),
        (("--speaker", "Bob"), SpeakerNotFoundError, "nobody is called 'Bob'; there are 'Anna'"),
        (("--speaker", ""), InputError, "one of the filter's speakers is empty"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_alike(
    moments: Moments, library: Library, options: tuple[str, ...], error: type[Exception], message: str
) -> None:
    for ask in (lambda: listed(library, *options), lambda: moments.search("red", *options)):
        with pytest.raises(error) as raised:
            ask()
        assert message in str(raised.value)


@pytest.mark.parametrize(
    ("options", "starts"),
    [
        ((), {0.0, 100.0}),
        (("--from", "50"), {100.0}),
        (("--to", "50"), {0.0}),
        (("--from", "0"), {0.0, 100.0}),
        (("--to", "0"), set()),
    ],
)
def test_a_part_of_the_videos_may_start_or_end_at_second_0(
    moments: Moments, options: tuple[str, ...], starts: set[float]
) -> None:
    """What is red in A: its first shot, and that from second 100 on."""
    found = moments.search("red", "--lane", "visual", "--video", "a.mp4", *options)["moments"]
    assert {moment["start_s"] for moment in found} & {0.0, 100.0} == starts


@pytest.mark.parametrize("options", [("--language", "de"), ("--speaker", "Anna")])
def test_only_what_happens_while_somebody_speaks_so_is_found(moments: Moments, options: tuple[str, ...]) -> None:
    """A is red from second 0, when it is said, and again from second 100, when nobody speaks."""
    found = moments.search("red", "--lane", "visual", "--video", "a.mp4", *options)["moments"]
    assert [(moment["start_s"], moment["end_s"]) for moment in found] == [(0.0, 4.0)]
    [line] = moments.search("the budget", "--lane", "speech", *options)["moments"]
    assert [(proof["kind"], proof["language"]) for proof in line["evidence"]] == [("transcript", "de")]


def test_commands_with_a_filter_have_the_same_options() -> None:
    def options(command: click.Command) -> dict[str, str | None]:
        return {
            parameter.opts[0]: parameter.help for parameter in command.params if isinstance(parameter, click.Option)
        }

    shared = ["--video", "--path", "--tag", "--any-tag", "--recorded-from", "--recorded-to"]
    shared += ["--language", "--speaker"]
    searched, listed_ = options(search), options(videos)
    assert {name: searched[name] for name in shared} == {name: listed_[name] for name in shared}
