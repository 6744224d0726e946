"""One contract for the voices of a catalog on every database: kept, named, proposed, forgotten."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from retrieval.domain import Speaker, Voice
from retrieval.errors import ConflictError, CursorError, InputError, SpeakerNotFoundError, VideoNotFoundError
from retrieval.storage import voices
from retrieval.storage.catalog import Catalog
from retrieval.storage.records import KnownVoice, Proposal, VideoStatus
from tests.catalogs import NOON, spoken, statements_of, video
from tests.voices import voice

FIRST, SECOND, THIRD = (video(number).id for number in (1, 2, 3))


def publish(catalog: Catalog, number: int, *voices: Voice) -> None:
    catalog.publish(video(number), spoken(*voices))


def named(catalog: Catalog, video_id: str) -> dict[int, str | None]:
    return {number: speaker.name for number, speaker in catalog.voices.speakers_of(video_id).items()}


def proposed(catalog: Catalog, video_id: str) -> dict[int, Proposal | None]:
    return {known.speaker.number: known.proposal for known in catalog.voices.page(100, video_id=video_id).voices}


def test_voices_come_back_as_they_were_published_with_who_says_each_line(catalog: Catalog) -> None:
    told = spoken(voice(1, 0), voice(2, 1, cosine=0.75, speech_s=2.5, certainty=0.25))
    catalog.publish(video(1), told)
    assert catalog.contents.of(FIRST) == told
    assert catalog.contents.voices_of(SECOND) == ()
    assert catalog.voices.speakers_of(FIRST) == {1: Speaker(1), 2: Speaker(2)}
    assert catalog.voices.speakers_of(FIRST)[2].label == "Speaker 2"


def test_a_name_is_found_however_it_is_asked_for(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0), voice(2, 1), voice(3, 2))
    publish(catalog, 2, voice(1, 3))
    catalog.voices.rename(FIRST, [1, 3], "  Anna Berg ")
    catalog.voices.rename(SECOND, [1], "ANNA  BERG")
    catalog.voices.rename(FIRST, [2], "Ben")
    assert catalog.voice_keys(["anna berg"]) == [f"{FIRST}:1", f"{FIRST}:3", f"{SECOND}:1"]
    assert catalog.voice_keys(["Ben", "ANNA BERG"]) == [f"{FIRST}:{number}" for number in (1, 2, 3)] + [f"{SECOND}:1"]
    assert catalog.voice_keys([]) == []
    assert catalog.voices.names(10) == ["ANNA BERG", "Ben"]


def test_a_name_that_nobody_has_says_which_and_who_there_is(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0))
    with pytest.raises(SpeakerNotFoundError, match=r"nobody is called 'Anna'; no voice has a name yet"):
        catalog.voice_keys(["Anna"])
    catalog.voices.rename(FIRST, [1], "Ben")
    with pytest.raises(SpeakerNotFoundError, match=r"nobody is called 'Anna' or 'Cy'; there are 'Ben'"):
        catalog.voice_keys(["Anna", "ben", "Cy"])


def test_an_error_is_not_so_long_that_its_names_come_into_the_log(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    publish(catalog, 1, *(voice(number, number) for number in range(1, 20)))
    for number in range(1, 20):
        catalog.voices.rename(FIRST, [number], f"{number}" * 50)
    with pytest.raises(SpeakerNotFoundError):
        catalog.voice_keys([f"{number} {'x' * 190}" for number in range(100)])
    with pytest.raises(InputError, match=r"a name of 5,001 characters"):
        catalog.voices.rename(FIRST, [1], "\0" + "x" * 5_000)
    assert caplog.records == []


def test_a_name_can_be_taken_back(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0))
    [given] = catalog.voices.rename(FIRST, [1], "Anna")
    assert given == KnownVoice(FIRST, "Film 1", Speaker(1, "Anna"), 30.0, 0.9)
    [cleared] = catalog.voices.rename(FIRST, [1], None)
    assert cleared.speaker == Speaker(1)
    with pytest.raises(SpeakerNotFoundError):
        catalog.voice_keys(["Anna"])


def test_what_cannot_be_named_says_why_and_changes_nothing(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0), voice(2, 1))
    with pytest.raises(SpeakerNotFoundError, match=r"Film 1 has no speaker 3; its speakers are: 1, 2"):
        catalog.voices.rename(FIRST, [1, 3], "Anna")
    with pytest.raises(VideoNotFoundError, match=THIRD):
        catalog.voices.rename(THIRD, [1], "Anna")
    with pytest.raises(InputError, match="what a voice without a name is called"):
        catalog.voices.rename(FIRST, [1], "Speaker 1")
    assert named(catalog, FIRST) == {1: None, 2: None}


def test_indexing_again_keeps_names_where_the_same_voice_comes_again(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0), voice(2, 1), voice(3, 2))
    catalog.voices.rename(FIRST, [1], "Anna")
    catalog.voices.rename(FIRST, [2], "Ben")
    publish(catalog, 1, voice(1, 1, cosine=0.95), voice(2, 0, cosine=0.9), voice(3, 0, cosine=0.85), voice(4, 2))
    assert named(catalog, FIRST) == {1: "Ben", 2: "Anna", 3: None, 4: None}
    publish(catalog, 1, voice(5, 1, cosine=0.75), voice(2, 0))
    assert named(catalog, FIRST) == {5: None, 2: "Anna"}


def test_what_takes_the_place_of_a_video_keeps_the_names_of_the_voices_that_come_again(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0), voice(2, 1))
    publish(catalog, 2, voice(1, 0))
    catalog.voices.rename(FIRST, [1], "Anna")
    catalog.voices.rename(FIRST, [2], "Ben")
    catalog.publish(video(3, video(1).path), spoken(voice(1, 1, cosine=0.5), voice(2, 0, cosine=0.9)))
    assert named(catalog, THIRD) == {1: None, 2: "Anna"}
    assert named(catalog, SECOND) == {1: None}


def test_indexing_again_without_voices_forgets_them(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0))
    catalog.voices.rename(FIRST, [1], "Anna")
    catalog.publish(video(1), spoken(voice(1, 0)).by_nobody())
    assert catalog.contents.of(FIRST).voices == ()
    assert [segment.speaker for segment in catalog.contents.segments_of(FIRST)] == [None]
    with pytest.raises(SpeakerNotFoundError):
        catalog.voice_keys(["Anna"])


def test_removing_a_video_deletes_its_voices(catalog: Catalog, engine: Engine) -> None:
    publish(catalog, 1, voice(1, 0))
    publish(catalog, 2, voice(1, 0))
    catalog.remove(FIRST)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT video_id FROM voices")).all() == [SECOND]


def test_the_like_voice_of_another_video_is_proposed_and_never_set(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0))
    publish(catalog, 2, voice(1, 0, cosine=0.65), voice(2, 0, cosine=0.55), voice(3, 0, speech_s=5.9), voice(4, 7))
    assert set(proposed(catalog, SECOND).values()) == {None}
    catalog.voices.rename(FIRST, [1], "Anna")
    found = proposed(catalog, SECOND)
    proposal = found.pop(1)
    assert proposal is not None
    assert (proposal.name, proposal.video_id, proposal.title) == ("Anna", FIRST, "Film 1")
    assert proposal.similarity == pytest.approx(0.65, abs=1e-6)
    assert set(found.values()) == {None}
    assert named(catalog, SECOND) == {1: None, 2: None, 3: None, 4: None}


def test_a_voice_that_speaks_too_shortly_proposes_no_name(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0, speech_s=5.9))
    publish(catalog, 2, voice(1, 0))
    catalog.voices.rename(FIRST, [1], "Anna")
    assert proposed(catalog, SECOND) == {1: None}


def test_the_most_alike_of_several_is_proposed(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0, cosine=0.9), voice(2, 0, cosine=0.7))
    publish(catalog, 2, voice(7, 0))
    catalog.voices.rename(FIRST, [1], "Anna")
    catalog.voices.rename(FIRST, [2], "Ben")
    assert {found.name for found in proposed(catalog, SECOND).values() if found} == {"Anna"}


def test_of_too_many_named_voices_those_that_speak_longest_are_compared(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(catalog, 1, voice(1, 0, speech_s=20.0), voice(2, 0, cosine=0.7, speech_s=40.0), voice(3, 1, speech_s=30.0))
    publish(catalog, 2, voice(9, 0))
    for number, name in ((1, "Anna"), (2, "Ben"), (3, "Cy")):
        catalog.voices.rename(FIRST, [number], name)
    for most, best in ((1, "Ben"), (2, "Ben"), (3, "Anna"), (4, "Anna")):
        monkeypatch.setattr(voices, "MOST_COMPARED", most)
        assert {found.name for found in proposed(catalog, SECOND).values() if found} == {best}


def test_a_proposal_is_confirmed_by_a_person(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0))
    publish(catalog, 2, voice(1, 0))
    catalog.voices.rename(FIRST, [1], "Anna")
    for _ in range(2):
        settled = catalog.voices.settle(SECOND, 1, "anna", is_right=True)
        assert (settled.speaker, settled.proposal) == (Speaker(1, "Anna"), None)
    assert catalog.voice_keys(["Anna"]) == [f"{FIRST}:1", f"{SECOND}:1"]


def test_a_name_that_was_refused_is_not_proposed_again(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0), voice(2, 0, cosine=0.7))
    publish(catalog, 2, voice(1, 0))
    catalog.voices.rename(FIRST, [1], "Anna")
    catalog.voices.rename(FIRST, [2], "Ben")
    refused = catalog.voices.settle(SECOND, 1, "ANNA", is_right=False)
    assert refused.speaker == Speaker(1)
    assert refused.proposal is not None
    assert refused.proposal.name == "Ben"
    assert catalog.voices.settle(SECOND, 1, "Anna", is_right=False) == refused
    publish(catalog, 2, voice(3, 0, cosine=0.95))
    assert {found.name for found in proposed(catalog, SECOND).values() if found} == {"Ben"}
    catalog.voices.rename(SECOND, [3], "Anna")
    catalog.voices.rename(SECOND, [3], None)
    assert {found.name for found in proposed(catalog, SECOND).values() if found} == {"Anna"}


def test_what_is_not_proposed_can_be_neither_confirmed_nor_refused(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0))
    publish(catalog, 2, voice(1, 0), voice(2, 5))
    catalog.voices.rename(FIRST, [1], "Anna")
    with pytest.raises(ConflictError, match=r"not proposed for Speaker 1 of Film 2; 'Anna' is"):
        catalog.voices.settle(SECOND, 1, "Ben", is_right=True)
    with pytest.raises(ConflictError, match=r"not proposed for Speaker 2 of Film 2; nobody is"):
        catalog.voices.settle(SECOND, 2, "Anna", is_right=False)
    with pytest.raises(SpeakerNotFoundError, match="no speaker 9"):
        catalog.voices.settle(SECOND, 9, "Anna", is_right=True)


def test_voices_of_videos_that_are_not_indexed_are_neither_listed_nor_proposed(catalog: Catalog) -> None:
    publish(catalog, 1, voice(1, 0))
    publish(catalog, 2, voice(1, 0))
    catalog.voices.rename(FIRST, [1], "Anna")
    catalog.set_status(FIRST, VideoStatus.REMOVING)
    [known] = catalog.voices.page(10).voices
    assert (known.video_id, known.proposal) == (SECOND, None)


def test_pages_go_through_all_voices_those_of_the_newest_video_first(catalog: Catalog) -> None:
    for number in (1, 2, 3):
        catalog.publish(
            video(number, created_at=NOON + timedelta(minutes=number % 3)), spoken(voice(1, 0), voice(2, 1))
        )
    expected = [(video_id, number) for video_id in (SECOND, FIRST, THIRD) for number in (1, 2)]
    seen, cursor = [], None
    for size in (1, 2, 2, 1):
        page = catalog.voices.page(size, cursor=cursor)
        seen += [(known.video_id, known.speaker.number) for known in page.voices]
        cursor = page.next_cursor
    assert (seen, cursor) == (expected, None)
    with pytest.raises(CursorError):
        catalog.voices.page(1, cursor="no cursor")


def test_a_list_can_be_of_one_video_or_of_one_name(catalog: Catalog) -> None:
    for number in (1, 2, 3):
        publish(catalog, number, voice(1, 0), voice(2, 1))
    for video_id in (FIRST, THIRD):
        catalog.voices.rename(video_id, [2], "Anna")
    assert [known.video_id for known in catalog.voices.page(10, video_id=SECOND).voices] == [SECOND, SECOND]
    assert [known.video_id for known in catalog.voices.page(10, name=" anna").voices] == [THIRD, FIRST]
    assert catalog.voices.page(10, video_id=SECOND, name="anna").voices == ()


def test_a_page_with_proposals_takes_two_statements(catalog: Catalog, engine: Engine) -> None:
    for number in range(1, 40):
        publish(catalog, number, voice(1, number), voice(2, number + 1))
    catalog.voices.rename(FIRST, [1, 2], "Anna")
    seen = statements_of(engine)
    catalog.voices.page(50)
    assert len(seen) == 2


def test_the_speakers_of_many_lines_come_at_once(catalog: Catalog, engine: Engine) -> None:
    for number in range(1, 250):
        publish(catalog, number, voice(1, 0), voice(2, 1))
    catalog.voices.rename(FIRST, [2], "Anna")
    keys = [(video(number).id, speaker) for number in range(1, 250) for speaker in (1, 2, 3)]
    seen = statements_of(engine)
    found = catalog.voices.speakers(keys)
    assert len(seen) == 2
    assert len(found) == 2 * 249
    assert found[FIRST, 2] == Speaker(2, "Anna")


def test_forgetting_deletes_voices_and_names_and_leaves_what_was_said(catalog: Catalog) -> None:
    for number in (1, 2, 3):
        publish(catalog, number, voice(1, 0), voice(2, 1))
    said = [segment.text for segment in catalog.contents.segments_of(FIRST)]
    assert catalog.voices.forget(FIRST) == 2
    assert [segment.text for segment in catalog.contents.segments_of(FIRST)] == said
    assert {segment.speaker for segment in catalog.contents.segments_of(FIRST)} == {None}
    assert {segment.speaker for segment in catalog.contents.segments_of(SECOND)} == {1, 2}
    assert catalog.voices.forget() == 4
    assert catalog.voices.page(10).voices == ()
    assert catalog.voices.forget() == 0


def test_names_given_at_once_are_all_kept(catalog: Catalog) -> None:
    publish(catalog, 1, *(voice(number, number) for number in range(1, 9)))
    ready = threading.Barrier(8)

    def rename(number: int) -> None:
        ready.wait()
        for turn in range(5):
            catalog.voices.rename(FIRST, [number], f"Person {number} {turn}")

    threads = [threading.Thread(target=rename, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert named(catalog, FIRST) == {number: f"Person {number} 4" for number in range(1, 9)}


def test_a_name_given_while_the_video_is_indexed_again_is_not_lost(catalog: Catalog) -> None:
    """Whichever comes first: the name goes to the voice that is there, and is carried to the one that comes again."""
    publish(catalog, 1, voice(1, 0))
    ready = threading.Barrier(2)

    def again() -> None:
        ready.wait()
        for _ in range(5):
            publish(catalog, 1, voice(1, 0))

    indexing = threading.Thread(target=again)
    indexing.start()
    ready.wait()
    catalog.voices.rename(FIRST, [1], "Anna")
    indexing.join()
    assert named(catalog, FIRST) == {1: "Anna"}


def test_a_refusal_beside_another_is_not_lost(catalog: Catalog) -> None:
    publish(catalog, 1, *(voice(number, 0, cosine=0.9) for number in range(1, 9)))
    publish(catalog, 2, voice(20, 0))
    for number in range(1, 9):
        catalog.voices.rename(FIRST, [number], f"Person {number}")
    for left in range(8, 0, -1):
        [proposal] = proposed(catalog, SECOND).values()
        assert proposal is not None, f"{left} names are left"
        catalog.voices.settle(SECOND, 20, proposal.name, is_right=False)
    assert proposed(catalog, SECOND) == {20: None}
