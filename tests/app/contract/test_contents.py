"""What lies in a video, as `moments --json show` prints it."""

from app.contract.contents import SegmentAnswer, ShownVideo, contents_told
from app.contract.timelines import TimelineAnswer
from retrieval.domain import ScreenText, Segment, Shot, SoundEvent, Span, Speaker, SpeechOrigin, Word
from retrieval.storage.records import VideoContents, VideoRecord

RECORD = VideoRecord("0" * 16, "0" * 32, "/caf\udce9.mp4", "caf\udce9", 7, 8, duration_s=4.00049)
WORDS = (Word("so", Span(0.5, 0.75), 0.9),)
SAID = Segment(Span(0.5, 1.25), "so long", WORDS, "en", 0.87654, SpeechOrigin.TRANSCRIBED, speaker=2)
SPEAKERS = {1: Speaker(1), 2: Speaker(2, "Anna")}
CONTENTS = VideoContents(
    shots=(Shot(0, Span(0.0, 4.00049)),),
    segments=(SAID,),
    screen_texts=(ScreenText(Span(1.0, 2.0), "Q3", 0.95),),
    sound_events=(SoundEvent(Span(2.0, 3.5), "rain", 0.7),),
)


def test_a_shown_video_has_what_lies_in_it() -> None:
    told = ShownVideo.of_contents(RECORD, CONTENTS, SPEAKERS).model_dump(mode="json")
    assert (told["path"], told["title"], told["duration_s"]) == (r"/caf\xe9.mp4", r"caf\xe9", 4.0)
    assert told["shots"] == [{"start_s": 0.0, "end_s": 4.0}]
    assert told["segments"] == [
        {
            "start_s": 0.5,
            "end_s": 1.25,
            "text": "so long",
            "confidence": 0.8765,
            "origin": "transcribed",
            "language": "en",
            "speaker": {"number": 2, "name": "Anna", "label": "Anna"},
            "translation": None,
            "words": [{"start_s": 0.5, "end_s": 0.75, "text": "so"}],
        }
    ]
    assert told["screen_texts"] == [{"start_s": 1.0, "end_s": 2.0, "text": "Q3", "confidence": 0.95}]
    assert told["sound_events"] == [{"start_s": 2.0, "end_s": 3.5, "label": "rain", "score": 0.7}]
    assert not {"thumbnail_url", "stream_url"} & told.keys()


def test_a_voice_without_a_name_goes_by_its_number_and_one_that_was_forgotten_by_none() -> None:
    for speakers, told in (({2: Speaker(2)}, {"number": 2, "name": None, "label": "Speaker 2"}), ({}, None)):
        segment = SegmentAnswer.of(SAID, speakers).model_dump(mode="json")
        assert segment["speaker"] == told


def test_the_command_line_and_the_timeline_of_the_api_say_the_same() -> None:
    shown = ShownVideo.of_contents(RECORD, CONTENTS, SPEAKERS).model_dump(mode="json")
    timeline = TimelineAnswer.of_contents(RECORD, CONTENTS, [0.5], SPEAKERS).model_dump(mode="json")
    assert {"curve", "moments", "corrected", "warnings"}.isdisjoint(timeline)
    assert timeline.pop("thumbnails_s") == [0.5]
    assert timeline.items() <= shown.items()
    assert set(contents_told(CONTENTS)) <= timeline.keys()
