"""What a filter means, on every database: the same to a search, to a list and to its pages."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from retrieval.errors import InputError, SpeakerNotFoundError, VideoNotFoundError
from retrieval.storage.catalog import Catalog
from retrieval.storage.records import (
    NamedSpeaker,
    SpokenLanguage,
    VideoContents,
    VideoEdit,
    VideoFile,
    VideoStatus,
)
from retrieval.video_filter import ALL_VIDEOS, Period, VideoFilter
from tests.catalogs import NOON, contents, statements_of, video
from tests.voices import voice

HOUR = timedelta(hours=1)


@pytest.fixture
def films(catalog: Catalog) -> Catalog:
    """Five videos; the second lies at two paths, and the last two are not indexed yet.

    | video | paths | tags | recorded |
    |---|---|---|---|
    | 1 | /talks/one.mp4 | keep, board | noon |
    | 2 | /talks/two.mp4, /old/copy.mp4 | keep | an hour later |
    | 3 | /films/three.mkv | board | as somebody wrote, two hours later; the file says noon |
    | 4 | /talks/four.mp4 | keep | nobody knows |
    | 5 | /talks/[5] five.mp4 | | noon |
    """
    rows = (
        (1, "/talks/one.mp4", ("board", "keep"), NOON),
        (2, "/talks/two.mp4", ("keep",), NOON + HOUR),
        (3, "/films/three.mkv", ("board",), NOON),
        (4, "/talks/four.mp4", ("keep",), None),
        (5, "/talks/[5] five.mp4", (), NOON),
    )
    for number, path, tags, recorded_at in rows:
        record = video(number, path, recorded_at=recorded_at)
        if number < 4:
            catalog.publish(record, VideoContents())
        else:
            catalog.upsert(record)
        catalog.edit(record.id, VideoEdit(frozenset({"tags"}), tags=tags))
    catalog.add_file(video(2).id, VideoFile("/old/copy.mp4", 1, 1))
    catalog.edit(video(3).id, VideoEdit(frozenset({"recorded_at"}), recorded_at=NOON + 2 * HOUR))
    return catalog


def numbers_in_pages(catalog: Catalog, where: VideoFilter, status: VideoStatus | None = None) -> list[int]:
    found: list[int] = []
    cursor = None
    while True:
        page = catalog.videos(2, where, cursor=cursor, status=status)
        found += [int(record.id, 16) for record in page.videos]
        cursor = page.next_cursor
        if cursor is None:
            return found


CASES: list[tuple[VideoFilter, set[int]]] = [
    (ALL_VIDEOS, {1, 2, 3, 4, 5}),
    (VideoFilter(video_ids=("one.mp4", "/old/copy.mp4", f"{5:016x}")), {1, 2, 5}),
    (VideoFilter(video_ids=("one.mp4",), tags=("keep",)), {1}),
    (VideoFilter(video_ids=("one.mp4",), path_globs=("/films/*",)), set()),
    (VideoFilter(paths=("/old/copy.mp4", "/talks/four.mp4", "/nowhere.mp4")), {2, 4}),
    (VideoFilter(paths=("copy.mp4",)), set()),
    (VideoFilter(path_globs=("talks/*",)), {1, 2, 4, 5}),
    (VideoFilter(path_globs=("[5]*",)), {5}),
    (VideoFilter(path_globs=("[5]*", "*.mkv", "/old/*", "/none/*")), {2, 3, 5}),
    (VideoFilter(paths=("/talks/two.mp4",), path_globs=("/old/*",)), set()),
    (VideoFilter(tags=("keep",)), {1, 2, 4}),
    (VideoFilter(tags=("keep", "board")), {1}),
    (VideoFilter(any_tags=("keep", "board")), {1, 2, 3, 4}),
    (VideoFilter(tags=("board",), any_tags=("keep", "none")), {1}),
    (VideoFilter(recorded=Period(NOON, NOON + HOUR)), {1, 5}),
    (VideoFilter(recorded=Period(start=NOON + HOUR)), {2, 3}),
    (VideoFilter(recorded=Period(end=NOON + 2 * HOUR)), {1, 2, 5}),
    (VideoFilter(tags=("keep",), path_globs=("*/copy.mp4",), recorded=Period(start=NOON)), {2}),
]


@pytest.mark.parametrize(("where", "meant"), CASES)
def test_a_filter_means_the_same_videos_at_every_door(films: Catalog, where: VideoFilter, meant: set[int]) -> None:
    indexed = meant & {1, 2, 3}
    assert {int(video_id, 16) for video_id in films.ids(where)} == meant
    assert {int(video_id, 16) for video_id in films.searched(where)} == indexed
    assert numbers_in_pages(films, where) == sorted(meant, reverse=True)
    assert numbers_in_pages(films, where, VideoStatus.INDEXED) == sorted(indexed, reverse=True)


def test_videos_are_found_by_what_is_spoken_in_them_and_by_whom(catalog: Catalog) -> None:
    """Video 1 is in English, of Anna and another; 2 in Brazil's Portuguese and English, of Anna; 3 is silent."""
    english = contents(2)
    brazilian = replace(english.segments[0], language="pt-BR")
    catalog.publish(video(1), replace(english, voices=(voice(1, who=1), voice(2, who=2))))
    catalog.publish(video(2), replace(english, segments=(brazilian, *english.segments), voices=(voice(1, who=1),)))
    catalog.publish(video(3), VideoContents())
    for number in (1, 2):
        catalog.voices.rename(video(number).id, [1], "Anna")
    for where, meant in (
        (VideoFilter(languages=("en",)), {1, 2}),
        (VideoFilter(languages=("pt", "de")), {2}),
        (VideoFilter(speakers=("anna",)), {1, 2}),
        (VideoFilter(speakers=("Anna",), languages=("Portuguese",)), {2}),
    ):
        assert {int(video_id, 16) for video_id in catalog.searched(where)} == meant
        assert numbers_in_pages(catalog, where) == sorted(meant, reverse=True)
    assert catalog.speech.languages() == [SpokenLanguage("en", 2, 4.0), SpokenLanguage("pt", 1, 1.0)]
    assert catalog.speech.speakers() == [NamedSpeaker("Anna", 2, 60.0)]
    assert (catalog.speech.unknown_in(None), catalog.speech.unknown_in({video(3).id})) == (3, 1)
    with pytest.raises(SpeakerNotFoundError, match="nobody is called 'Bob'; there are 'Anna'"):
        catalog.videos(9, VideoFilter(speakers=("Bob",)))
    catalog.publish(video(2), VideoContents())
    assert catalog.speech.languages() == [SpokenLanguage("en", 1, 2.0)]
    catalog.remove(video(1).id)
    assert (catalog.speech.languages(), catalog.speech.speakers()) == ([], [])


@pytest.mark.parametrize(
    ("reference", "error", "message"),
    [
        ("party.mp4", VideoNotFoundError, "no video 'party.mp4'"),
        ("0000", InputError, "may mean 5 videos"),
    ],
)
def test_a_name_that_means_no_video_or_several_is_refused_at_every_door(
    films: Catalog, reference: str, error: type[Exception], message: str
) -> None:
    where = VideoFilter(video_ids=("one.mp4", reference))
    for ask in (films.ids, films.searched, lambda where: films.videos(9, where)):
        with pytest.raises(error, match=message):
            ask(where)


def test_what_is_listed_by_its_path_is_shown_with_that_path(films: Catalog) -> None:
    for where in (VideoFilter(path_globs=("/old/*",)), VideoFilter(paths=("/old/copy.mp4",))):
        assert [record.path for record in films.videos(9, where).videos] == ["/old/copy.mp4"]
    assert [record.path for record in films.videos(9, words="copy").videos] == ["/talks/two.mp4"]


def test_a_list_that_asks_for_no_path_reads_no_more_than_a_page(films: Catalog, engine: Engine) -> None:
    seen = statements_of(engine)
    films.videos(2, replace(ALL_VIDEOS, tags=("keep",)))
    assert "LIMIT" in seen[0]
    assert "video_paths" not in seen[0]


def test_the_period_of_a_filter_has_its_start_and_not_its_end(films: Catalog) -> None:
    instant = timedelta(microseconds=1)

    def numbers(start: datetime, end: datetime) -> list[int]:
        return numbers_in_pages(films, VideoFilter(recorded=Period(start, end)))

    assert numbers(NOON + HOUR, NOON + HOUR + instant) == [2]
    assert numbers(NOON + instant, NOON + HOUR) == []
