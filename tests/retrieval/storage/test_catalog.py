"""One contract for the catalog on every database: videos, their contents, tags and spaces."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from retrieval.domain import (
    Lane,
    Profile,
    Shot,
    Span,
)
from retrieval.encoders.base import EncoderSpec
from retrieval.errors import InputError, StorageError, VideoNotFoundError
from retrieval.storage.catalog import Catalog
from retrieval.storage.records import (
    Failure,
    Made,
    Place,
    Totals,
    VideoContents,
    VideoEdit,
    VideoFile,
    VideoStatus,
)
from retrieval.video_filter import VideoFilter
from tests.catalogs import NOON, contents, statements_of, video
from tests.postgres import NEEDS_POSTGRES


@NEEDS_POSTGRES
def test_the_contract_ran_on_postgresql(request: pytest.FixtureRequest) -> None:
    """Stands in the report for the whole contract when there is no server to run it on."""
    assert any("[postgresql" in item.name for item in request.session.items)


@NEEDS_POSTGRES
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_text_that_postgresql_cannot_keep_is_the_callers_fault(catalog: Catalog) -> None:
    catalog.upsert(video(1))
    edit = VideoEdit(frozenset({"tags"}), tags=("a\0b",))
    for ask in (
        lambda: catalog.edit(video(1).id, edit),
        lambda: catalog.searched(VideoFilter(tags=("a\0b",))),
        lambda: catalog.at_path("/a\0b"),
    ):
        with pytest.raises(InputError, match="NUL character"):
            ask()


def test_a_record_comes_back_as_it_was_written(catalog: Catalog) -> None:
    full = video(
        1,
        "/films/Ünïcode 'quoted' 100%.mp4",
        status=VideoStatus.FAILED,
        duration_s=12.345678901234,
        width=1920,
        height=1080,
        profile=Profile.LITE,
        encoders={Lane.VISUAL: "visual-00000001", Lane.SPEECH: "speech-00000002"},
        warnings=("decodes up to 3.2 s of 12.3 s",),
        failure=Failure("undecodable", "nothing decodes"),
        windows=7,
        index_s=0.5,
        indexed_at=NOON,
    )
    catalog.upsert(full)
    catalog.upsert(video(2))

    assert catalog.get(full.id) == full
    assert catalog.get(video(2).id) == video(2)
    assert catalog.get("f" * 16) is None


def test_writing_a_record_again_keeps_its_age_and_its_tags(catalog: Catalog) -> None:
    catalog.upsert(video(1))
    catalog.edit(video(1).id, VideoEdit(frozenset({"tags"}), tags=("talk", "2026", "talk")))
    catalog.upsert(video(1, duration_s=4.0, created_at=NOON + timedelta(days=1)))

    stored = catalog.get(video(1).id)
    assert stored == video(1, duration_s=4.0, tags=("2026", "talk"))
    catalog.edit(video(1).id, VideoEdit(frozenset({"tags"}), tags=()))
    assert catalog.get_many([video(1).id])[video(1).id].tags == ()


def test_publishing_makes_a_video_indexed_with_all_its_contents(catalog: Catalog) -> None:
    begun = video(1, duration_s=25.0, failure=Failure("old", "from last time"), status=VideoStatus.FAILED)
    catalog.upsert(begun)
    before = datetime.now(UTC)

    published = catalog.publish(begun, contents(25))

    assert published == catalog.get(begun.id)
    assert published.indexed_at is not None
    assert before <= published.indexed_at <= datetime.now(UTC)
    assert published == replace(
        begun,
        status=VideoStatus.INDEXED,
        failure=None,
        windows=25,
        indexed_at=published.indexed_at,
        files=(VideoFile(begun.path, begun.size_bytes, begun.modified_ns),),
    )
    assert catalog.contents.of(begun.id) == contents(25)


def test_publishing_again_replaces_the_contents(catalog: Catalog) -> None:
    catalog.publish(video(1), contents(25))
    catalog.publish(video(2), contents(5))
    catalog.publish(video(1), contents(3))

    assert catalog.contents.of(video(1).id) == contents(3)
    assert catalog.contents.of(video(2).id) == contents(5)


def test_renewing_writes_what_is_anew_and_leaves_the_rest(catalog: Catalog) -> None:
    given = VideoEdit(frozenset({"title", "tags"}), title="Mine", tags=("work",))
    catalog.publish(video(1, encoders={Lane.VISUAL: "visual-1"}, vectors={Lane.VISUAL: 3}, construction=3), contents(3))
    before = catalog.edit(video(1).id, given)
    kept = catalog.contents.of(before.id)
    anew = replace(kept, windows=tuple(replace(window, labels=()) for window in kept.windows))
    now = replace(before, encoders={Lane.VISUAL: "visual-2"}, vectors={Lane.VISUAL: 2}, construction=4)

    stored = catalog.renew(replace(now, title="not written", path="/not/written"), kept, anew)

    assert stored == replace(now, indexed_at=stored.indexed_at)
    assert catalog.contents.of(before.id) == anew
    assert catalog.edit(before.id, VideoEdit(frozenset({"title"}))).title == "Film 1"


def test_a_line_that_was_forgotten_meanwhile_is_not_written_again(catalog: Catalog) -> None:
    catalog.publish(video(1), contents(3))
    kept = catalog.contents.of(video(1).id)
    catalog.publish(video(1), replace(kept, segments=()))
    stored = catalog.get(video(1).id)
    assert stored is not None
    catalog.renew(stored, kept, replace(kept, sound_events=()))
    found = catalog.contents.of(video(1).id)
    assert (found.segments, found.sound_events) == ((), ())


def test_what_is_not_indexed_any_more_is_not_renewed(catalog: Catalog) -> None:
    catalog.publish(video(1), contents(3))
    for status in (VideoStatus.REMOVING, VideoStatus.FAILED):
        catalog.set_status(video(1).id, status)
        with pytest.raises(VideoNotFoundError, match=status):
            catalog.renew(video(1), contents(3), contents(3))
    catalog.remove(video(1).id)
    with pytest.raises(VideoNotFoundError):
        catalog.renew(video(1), contents(3), contents(3))


def test_videos_are_counted_by_how_they_were_made(catalog: Catalog) -> None:
    for number, construction in ((1, 3), (2, 3), (3, None)):
        made = video(number, encoders={Lane.VISUAL: "visual-1"}, construction=construction, profile=Profile.LITE)
        catalog.publish(made, contents(1))
    catalog.upsert(video(4, encoders={Lane.SOUND: "sound-1"}))
    one = Made({Lane.VISUAL: "visual-1"}, None, Profile.LITE, 1)
    assert sorted(catalog.made(), key=lambda some: some.videos) == [one, replace(one, construction=3, videos=2)]
    assert catalog.made([video(3).id, video(4).id]) == [one]
    assert catalog.made([]) == []
    assert catalog.spaces_in_use() == {"visual-1", "sound-1"}


def test_a_publication_that_fails_leaves_everything_as_it_was(catalog: Catalog) -> None:
    catalog.publish(video(1), contents(3))
    twice = VideoContents(shots=(Shot(0, Span(0.0, 1.0)), Shot(0, Span(1.0, 2.0))))

    with pytest.raises(StorageError, match=r"the catalog .* cannot be used"):
        catalog.publish(video(1, title="other"), twice)

    stored = catalog.get(video(1).id)
    assert stored is not None
    assert stored.title == "Film 1"
    assert catalog.contents.of(video(1).id) == contents(3)


def test_contents_are_read_by_key_for_many_videos_in_one_statement(catalog: Catalog, engine: Engine) -> None:
    for number in (1, 2, 3):
        catalog.publish(video(number), contents(20))
    keys = [(video(number).id, ordinal) for number in (1, 2) for ordinal in (0, 7, 19)]
    seen = statements_of(engine)

    segments = catalog.contents.segments_at([*keys, (video(1).id, 99), ("f" * 16, 0)])

    assert len(seen) == 1
    assert segments == {key: contents(20).segments[key[1]] for key in keys}
    assert catalog.contents.windows_at(keys)[keys[1]] == contents(20).windows[7]
    assert catalog.contents.screen_texts_at(keys)[keys[5]] == contents(20).screen_texts[19]
    assert catalog.contents.segments_at([]) == {}


def test_contents_are_read_by_place_in_one_statement(catalog: Catalog, engine: Engine) -> None:
    for number in range(40):
        catalog.publish(video(number), contents(20))
    places = [Place(video(number).id, Span(4.5, 6.0)) for number in range(40)]
    places += [
        Place(video(0).id, Span(12.0, 12.5)),
        Place("f" * 16, Span(0.0, 9.0)),
        Place(video(0).id, Span(4.5, 6.0)),
    ]
    seen = statements_of(engine)

    windows = catalog.contents.windows_during(places)

    assert len(seen) == 1
    assert windows[:40] == [contents(20).windows[4:6]] * 40
    assert windows[40:] == [contents(20).windows[12:13], (), contents(20).windows[4:6]]
    assert catalog.contents.shots_during(places)[0] == contents(20).shots[:1]
    assert catalog.contents.segments_during(places)[40] == contents(20).segments[12:13]
    assert catalog.contents.screen_texts_during(places)[0] == contents(20).screen_texts[4:6]
    assert catalog.contents.sound_events_during(places)[0] == contents(20).sound_events[4:6]
    assert catalog.contents.shots_during([]) == []


def test_more_keys_and_places_than_one_statement_holds_are_all_answered(catalog: Catalog) -> None:
    catalog.publish(video(1), contents(700))
    keys = [(video(1).id, ordinal) for ordinal in range(700)]
    assert len(catalog.contents.windows_at(keys)) == 700
    places = [Place(video(1).id, Span(i, i + 1)) for i in range(700)]
    assert catalog.contents.windows_during(places) == [(window,) for window in contents(700).windows]


def test_removing_a_video_leaves_no_row_behind(catalog: Catalog, engine: Engine) -> None:
    for number in (1, 2):
        catalog.publish(video(number), contents(5))
        catalog.edit(video(number).id, VideoEdit(frozenset({"tags"}), tags=("talk",)))

    catalog.remove(video(1).id)
    catalog.remove(video(1).id)

    assert catalog.get(video(1).id) is None
    with engine.connect() as connection:
        for table in ("shots", "windows", "segments", "screen_texts", "sound_events", "tags"):
            owners = set(connection.scalars(text(f"SELECT video_id FROM {table}")))
            assert owners == {video(2).id}, table


def test_a_moved_file_keeps_its_id(catalog: Catalog) -> None:
    catalog.publish(video(1), contents(2))
    catalog.add_file(video(1).id, VideoFile("/elsewhere/new.mp4", 5, 6), forget=["/films/1.mp4"])
    moved = catalog.get(video(1).id)
    assert moved is not None
    assert (moved.path, moved.title) == ("/elsewhere/new.mp4", "new")
    assert catalog.at_path("/films/1.mp4") == []
    assert catalog.contents.of(video(1).id) == contents(2)


def test_an_overwritten_path_names_its_newest_video_first(catalog: Catalog) -> None:
    for number in (1, 3, 2):
        catalog.upsert(video(number, "/films/same.mp4"))
    assert [record.id for record in catalog.at_path("/films/same.mp4")] == [video(n).id for n in (3, 2, 1)]


def test_writing_about_a_missing_video_says_so(catalog: Catalog) -> None:
    for write in (
        lambda: catalog.set_status("0" * 16, VideoStatus.FAILED),
        lambda: catalog.add_file("0" * 16, VideoFile("/a", 1, 1)),
        lambda: catalog.edit("0" * 16, VideoEdit(frozenset({"tags"}), tags=("a",))),
    ):
        with pytest.raises(VideoNotFoundError, match="no video 0000000000000000"):
            write()


def test_a_reference_is_resolved_among_all_videos(catalog: Catalog) -> None:
    catalog.upsert(video(1, "/films/talk.mp4"))
    catalog.upsert(video(2, "/films/lecture.mkv"))
    assert catalog.resolve("lecture.mkv") == video(2, "/films/lecture.mkv")
    assert catalog.resolve(video(1).id) == video(1, "/films/talk.mp4")
    with pytest.raises(InputError, match="may mean 2 videos"):
        catalog.resolve("0000")
    with pytest.raises(VideoNotFoundError, match=r"no video 'party.mp4'"):
        catalog.resolve("party.mp4")


def test_pages_go_through_all_videos_newest_first(catalog: Catalog) -> None:
    for number in range(7):
        catalog.upsert(video(number, created_at=NOON + timedelta(minutes=number // 3)))
    expected = sorted((video(n).id for n in range(7)), key=lambda id_: (int(id_, 16) // 3, id_), reverse=True)

    found: list[str] = []
    cursor = None
    sizes = []
    while True:
        page = catalog.videos(3, cursor=cursor)
        found += [record.id for record in page.videos]
        sizes.append(len(page.videos))
        cursor = page.next_cursor
        catalog.upsert(video(100 + len(found)))  # what is new meanwhile does not shift the pages
        if cursor is None:
            break

    assert found == expected
    assert sizes == [3, 3, 1]
    with pytest.raises(InputError, match="is no cursor"):
        catalog.videos(3, cursor="nonsense")


def test_a_page_of_a_glob_continues_where_it_stopped(catalog: Catalog) -> None:
    for number in range(10):
        catalog.upsert(video(number, f"/films/{'even' if number % 2 == 0 else 'odd'}/{number}.mp4"))
    first = catalog.videos(3, VideoFilter(path_globs=("even/*",)))
    second = catalog.videos(3, VideoFilter(path_globs=("even/*",)), cursor=first.next_cursor)
    assert [int(record.id, 16) for record in first.videos + second.videos] == [8, 6, 4, 2, 0]
    assert second.next_cursor is None


def test_a_file_name_of_any_bytes_is_kept(catalog: Catalog) -> None:
    for number, path in enumerate(("/films/\udcff.mp4", "/films/\U0010fe80\udc80.mp4")):
        catalog.upsert(video(number, path))
        assert catalog.get(video(number).id).path == path  # type: ignore[union-attr]
        assert [record.path for record in catalog.at_path(path)] == [path]


def test_text_that_is_no_unicode_is_a_clear_error(catalog: Catalog) -> None:
    with pytest.raises(InputError, match=r"keeps valid Unicode only, which '\\udcff' is not"):
        catalog.upsert(replace(video(1), content_hash="\udcff"))
    assert catalog.get(video(1).id) is None


def test_a_subtitle_with_nul_bytes_is_kept_without_them(catalog: Catalog) -> None:
    [line] = contents(1).segments
    catalog.publish(video(1), VideoContents(segments=(replace(line, text="a\0b"),)))
    assert catalog.contents.of(video(1).id).segments[0].text == "ab"


def test_totals_count_what_is_indexed(catalog: Catalog) -> None:
    assert catalog.totals() == Totals(0, 0.0, 0)
    catalog.publish(video(1, duration_s=10.5), contents(1))
    catalog.publish(video(2, duration_s=2.0), contents(1))
    catalog.upsert(video(3, duration_s=100.0))
    assert catalog.totals() == Totals(2, 12.5, 2)


def test_spaces_remember_their_encoders(catalog: Catalog) -> None:
    visual = EncoderSpec("siglip2", Lane.VISUAL, 768, "webli")
    speech = EncoderSpec("minilm", Lane.SPEECH, 384, "1")
    for spec in (visual, speech, visual):
        catalog.add_space(spec)
    assert catalog.spaces() == [visual, speech]
    catalog.forget_space(visual.space)
    catalog.forget_space("visual-none")
    assert catalog.spaces() == [speech]


def test_a_space_remembers_what_makes_queries_for_it(catalog: Catalog) -> None:
    catalog.add_space(EncoderSpec("lite-visual", Lane.VISUAL, 384, "2", asked_by="a50ce76d"))
    (spec,) = catalog.spaces()
    assert spec.asked_by == "a50ce76d"


def test_threads_that_write_at_once_wait_for_each_other(catalog: Catalog) -> None:
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for _ in range(5):
                catalog.publish(video(number), contents(20))
                catalog.set_status(video(number).id, VideoStatus.INDEXED)
        except StorageError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert catalog.totals().videos == 4


def test_tags_and_titles_are_the_same_however_their_accents_are_written(catalog: Catalog) -> None:
    one, two = "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"
    catalog.publish(video(1, path=f"/{two}.mp4", title=two), VideoContents())
    assert catalog.resolve(video(1).id).title == one
    edited = catalog.edit(video(1).id, VideoEdit(frozenset({"title", "tags"}), title=f"{two}!", tags=(one, two)))
    assert (edited.title, edited.tags, edited.path) == (f"{one}!", (one,), f"/{two}.mp4")
    for spelling in (one, two):
        assert catalog.ids(VideoFilter(tags=(spelling,))) == {edited.id}
        assert catalog.ids(VideoFilter(path_globs=(f"{spelling}*",))) == {edited.id}
        assert [found.id for found in catalog.videos(9, VideoFilter(tags=(spelling,)), words=spelling).videos] == [
            edited.id
        ]
        for where in (VideoFilter(tags=(one, spelling)), VideoFilter(any_tags=(spelling,))):
            assert catalog.searched(where) == {edited.id}
