"""Answers as JSON: the contract of scripts and of the REST API."""

import json
from dataclasses import replace
from typing import Any

from app.cli.print_moments import play_hint
from app.contract.answers import PlainAnswer
from retrieval.domain import Answer, Evidence, EvidenceKind, Lane, Moment, QueryTranscript, Searched, Span, SpeechOrigin

SPOKEN = Evidence(
    Lane.SPEECH,
    EvidenceKind.TRANSCRIPT,
    Span(1.0, 2.5),
    0.9,
    text="the budget is tight",
    matched_words=("budget",),
    origin=SpeechOrigin.TRANSCRIBED,
)
SEEN = Evidence(Lane.VISUAL, EvidenceKind.FRAME, Span(0.0, 4.0), 0.4, frame_s=1.5)
MOMENT = Moment(
    1,
    "0123456789abcdef",
    "/videos/talk.mp4",
    "talk",
    Span(1.0, 2.5),
    1.75,
    0.9,
    0.9,
    {Lane.SPEECH: 0.9},
    (SPOKEN, SEEN),
    picture_s=1.5,
)


def told(answer: Answer) -> dict[str, Any]:
    """What `moments --json search` prints."""
    return PlainAnswer.of(answer).model_dump(mode="json")


def back(value: dict[str, Any]) -> Answer:
    """What a command reads of a server that answers so."""
    return PlainAnswer.model_validate_json(json.dumps(value)).to_answer()


def test_a_moment_has_the_fields_that_scripts_rely_on() -> None:
    value = told(Answer((MOMENT,), False, None, Searched(3, 61.25)))
    assert set(value) == {"moments", "abstained", "abstain_below", "searched"}
    assert value["searched"] == {"videos": 3, "seconds": 61.25}
    assert set(value["moments"][0]) == {
        "rank",
        "video_id",
        "path",
        "title",
        "start_s",
        "end_s",
        "peak_s",
        "score",
        "confidence",
        "confidence_in_words",
        "lanes",
        "evidence",
        "picture_s",
    }
    assert value["moments"][0]["evidence"][0] == {
        "lane": "speech",
        "kind": "transcript",
        "start_s": 1.0,
        "end_s": 2.5,
        "score": 0.9,
        "text": "the budget is tight",
        "matched_words": ["budget"],
        "origin": "transcribed",
    }


def test_an_abstaining_answer_says_why() -> None:
    value = told(Answer((), True, "nothing near", Searched(0, 0.0)))
    assert value["abstained"] is True
    assert value["reason"] == "nothing near"


def test_an_answer_survives_the_way_to_a_server_and_back() -> None:
    answer = Answer((MOMENT,), True, "far off", Searched(3, 61.25))
    assert back(told(answer)) == answer


def test_the_words_of_a_spoken_query_survive_the_way_to_a_server_and_back() -> None:
    answer = Answer((MOMENT,), False, None, Searched(3, 61.25), transcript=QueryTranscript("a dog", 0.75))
    assert told(answer)["transcript"] == {"text": "a dog", "confidence": 0.75}
    assert back(told(answer)) == answer


def test_a_moment_of_a_file_whose_times_start_over_says_so_and_is_played_as_a_cut() -> None:
    broken = replace(MOMENT, times_break=True)
    answer = Answer((broken,), False, None, Searched(1, 18.0))
    value = told(answer)
    assert value["moments"][0]["times_break"] is True
    assert back(value) == answer
    assert play_hint(MOMENT) == "ffplay -autoexit -ss 1.00 -t 1.50 /videos/talk.mp4"
    assert play_hint(broken) == "moments export --format mp4 --moment 0123456789abcdef@1.00-2.50 --out moment.mp4"
