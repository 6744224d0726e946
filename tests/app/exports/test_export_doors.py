"""Exports through the REST API and the command line."""

import csv
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from httpx2 import Response

from app.cli.main import cli
from app.exports.clip_cache import ClipCache
from app.exports.exporter import Exporter
from app.exports.ffmpeg_process import EncoderSlots
from app.http.application import create_app
from app.settings import Settings
from indexer.media.probe import probe
from retrieval.domain import ScreenText, Segment, Span, SpeechOrigin, Word
from retrieval.errors import InputError, VideoFileChangedError
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord, VideoStatus
from tests.fakes import size_and_time
from tests.media import cuts, tone, video

ID, GONE_ID, QUEUED_ID = "feedc0de00000001", "feedc0de00000002", "feedc0de00000003"
SAID = ("freeze", "the", "branch", "now")


def speech() -> tuple[Segment, ...]:
    """Four words from 1.0 to 3.0 s, half a second each."""
    words = tuple(Word(text, Span(1 + n / 2, 1.5 + n / 2), 0.9) for n, text in enumerate(SAID))
    return (Segment(Span(1.0, 3.0), " ".join(SAID), words, "en", 0.9, SpeechOrigin.TRANSCRIBED),)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A film of 3 s, red, green and blue, with a title that a spreadsheet would compute; and one whose file is gone."""
    file = video(
        tmp_path_factory.mktemp("films") / "fïlm 1.mp4",
        cuts([("red", 1.0), ("green", 1.0), ("blue", 1.0)]),
        tone(3.0),
        acodec="aac",
    )
    with Library(Settings(data_dir=tmp_path_factory.mktemp("library")), "test") as opened:
        contents = VideoContents(segments=speech(), screen_texts=(ScreenText(Span(0.5, 2.0), "+1 slide", 0.9),))
        for video_id, path in ((ID, file), (GONE_ID, file.with_name("gone.mp4"))):
            record = VideoRecord(
                video_id, video_id * 2, str(path), "=HYPERLINK(1)", *size_and_time(path), duration_s=3.0
            )
            opened.catalog.publish(record, contents)
        opened.catalog.upsert(VideoRecord(QUEUED_ID, QUEUED_ID * 2, "/q.mp4", "q", 1, 1, VideoStatus.INDEXING))
        yield opened


@pytest.fixture(scope="module")
def client(library: Library) -> TestClient:
    api = create_app(Settings(data_dir=library.settings.data_dir, export_max_s=2.5))
    api.state.library = library
    return TestClient(api)


@pytest.fixture(autouse=True)
def _nothing_stays_behind(library: Library) -> Iterator[None]:
    yield
    assert not list(library.folder.path.glob("exports/*"))
    assert not list(library.folder.path.glob("clips/.*"))


def moment(start_s: float, end_s: float, video_id: str = ID, **more: Any) -> dict[str, Any]:
    return {"video_id": video_id, "start_s": start_s, "end_s": end_s, **more}


def post(client: TestClient, wanted: str, *moments: dict[str, Any], **more: Any) -> Response:
    return client.post("/v1/exports", json={"format": wanted, "moments": list(moments), **more})


def test_a_clip_is_downloaded_under_its_title(client: TestClient, tmp_path: Path) -> None:
    response = post(client, "mp4", moment(1.0, 2.0, title="Grün / now"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "video/mp4"
    names = "filename=\"Grun - now.mp4\"; filename*=UTF-8''Gr%C3%BCn%20-%20now.mp4"
    assert response.headers["content-disposition"] == f"attachment; {names}"
    (tmp_path / "clip.mp4").write_bytes(response.content)
    assert probe(tmp_path / "clip.mp4").duration_s == pytest.approx(1.0, abs=0.04)
    assert response.content.index(b"moov") < response.content.index(b"mdat")


def test_a_reel_is_as_long_as_its_moments(client: TestClient, tmp_path: Path) -> None:
    response = post(client, "reel", moment(2.0, 2.6), moment(0.2, 0.6), name="Reel", frame_rate="50")
    (tmp_path / "reel.mp4").write_bytes(response.content)
    made = probe(tmp_path / "reel.mp4")
    assert made.duration_s == pytest.approx(1.0, abs=0.02)
    assert made.video is not None
    assert made.video.nominal_rate_fps == 50


@pytest.mark.parametrize("wanted", ["mp4", "reel", "edl", "fcpxml", "xml", "otio", "csv"])
def test_names_may_hold_anything(client: TestClient, wanted: str) -> None:
    name = "\x00/../\n<&>\"'%;é\u2028"
    response = post(client, wanted, moment(0.0, 0.2, title=name), name=name)
    assert response.status_code == 200
    assert "/" not in response.headers["content-disposition"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("vtt", "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.000\nthe branch\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,000\nthe branch\n"),
    ],
)
def test_subtitles_of_one_moment_start_with_it(client: TestClient, wanted: str, expected: str) -> None:
    assert post(client, wanted, moment(1.5, 2.5)).text == expected


def test_of_a_moment_in_which_nothing_is_said_there_are_no_subtitles(client: TestClient, tmp_path: Path) -> None:
    """WebVTT can say so, and is read by others; SubRip cannot: an empty file is none."""
    import av

    file = tmp_path / "silent.vtt"
    file.write_text(post(client, "vtt", moment(0.0, 0.8)).text)
    with av.open(str(file)) as read:
        assert [stream.codec_context.name for stream in read.streams.subtitles] == ["webvtt"]
    refused = post(client, "srt", moment(0.0, 0.8), moment(0.2, 0.6))
    assert (refused.status_code, refused.json()["code"]) == (404, "nothing_said")


def test_subtitles_of_several_run_on_the_clock_of_their_reel(client: TestClient) -> None:
    text = post(client, "srt", moment(0.0, 0.8), moment(1.5, 2.5), moment(2.5, 3.0)).text
    assert text.split("\n\n")[0] == "1\n00:00:00,800 --> 00:00:01,800\nthe branch"
    assert text.split("\n\n")[1].startswith("2\n00:00:01,800 --> 00:00:02,300\nnow")


def test_a_spreadsheet_computes_nothing(client: TestClient) -> None:
    response = post(client, "csv", moment(0.0, 3.0), moment(0.0, 0.4, title="plain"))
    assert response.content.startswith(b"\xef\xbb\xbfnumber,title,")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["title"] for row in rows] == ["'=HYPERLINK(1)", "plain"]
    assert [row["screen_text"] for row in rows] == ["'+1 slide", ""]
    assert [row["languages"] for row in rows] == ["en", ""]
    assert (rows[0]["speech"], rows[1]["end"], rows[1]["duration_s"]) == (" ".join(SAID), "00:00:00.400", "0.4")


def test_json_holds_what_is_said_and_shown(client: TestClient) -> None:
    value = post(client, "json", moment(1.0, 2.0), name="Mine").json()
    assert value["name"] == "Mine"
    (only,) = value["moments"]
    assert (only["video_id"], only["start_s"], only["duration_s"]) == (ID, 1.0, 1.0)
    line = {"start_s": 1.0, "end_s": 3.0, "language": "en", "speaker": None, "text": " ".join(SAID)}
    assert only["speech"] == [line]
    assert only["screen_texts"] == [{"start_s": 0.5, "end_s": 2.0, "text": "+1 slide"}]


@pytest.mark.parametrize(("wanted", "adapter"), [("edl", "cmx_3600"), ("xml", "fcp_xml"), ("otio", "otio_json")])
def test_lists_hold_the_moments(client: TestClient, wanted: str, adapter: str) -> None:
    text = post(client, wanted, moment(1.0, 2.0), moment(0.2, 0.6)).text
    options = {"rate": 25} if wanted == "edl" else {}
    read = opentimelineio.adapters.read_from_string(text, adapter, **options)
    clips = list(read.tracks[0])
    assert [(c.source_range.start_time.value, c.source_range.duration.value) for c in clips] == [(25, 25), (5, 10)]


def test_fcpxml_is_a_document_of_final_cut(client: TestClient) -> None:
    response = post(client, "fcpxml", moment(1.0, 2.0))
    assert response.headers["content-type"] == "application/xml"
    assert response.text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version=')


@pytest.mark.parametrize(
    ("body", "status", "code", "detail"),
    [
        ({"format": "avi", "moments": [moment(0, 1)]}, 422, "invalid_input", "format: "),
        ({"format": "edl", "moments": []}, 422, "invalid_input", "moments: "),
        ({"format": "edl", "moments": [moment(0, 1)] * 201}, 422, "invalid_input", "moments: "),
        ({"format": "edl", "moments": [moment(2, 1)]}, 422, "invalid_input", "moments.0.start_s is 2 and"),
        (
            {"format": "csv", "moments": [moment(0, 1), moment(3.5, 4)]},
            422,
            "invalid_input",
            "moments.1.start_s is 3.5",
        ),
        ({"format": "csv", "moments": [moment(0, 9)]}, 422, "invalid_input", "moments.0.end_s is 9; the video ends"),
        ({"format": "csv", "moments": [moment(-1, 1)]}, 422, "invalid_input", "moments.0.start_s: "),
        ({"format": "mp4", "moments": [moment(0, 1)] * 2}, 422, "invalid_input", "mp4 is one moment, reel joins"),
        ({"format": "mp4", "moments": [moment(0, 2.9)]}, 422, "invalid_input", "at most 2.5 s can be encoded"),
        ({"format": "reel", "moments": [moment(0, 1)] * 3}, 422, "invalid_input", "together they last 3.0 s"),
        ({"format": "edl", "moments": [moment(0, 1)], "frame_rate": "26"}, 422, "invalid_input", "allowed are 23.976"),
        ({"format": "csv", "moments": [moment(0, 1, QUEUED_ID)]}, 422, "invalid_input", "is not indexed yet"),
        ({"format": "csv", "moments": [moment(0, 1, "ffff0000ffff0000")]}, 404, "video_not_found", "no video"),
        ({"format": "mp4", "moments": [moment(0, 1, GONE_ID)]}, 404, "video_file_gone", "gone.mp4 does not exist"),
        ({"format": "otio", "moments": [moment(0, 1, GONE_ID)]}, 404, "video_file_gone", "gone.mp4 does not exist"),
    ],
)
def test_what_cannot_be_exported_is_a_problem_that_says_why(
    client: TestClient, body: dict[str, Any], status: int, code: str, detail: str
) -> None:
    response = client.post("/v1/exports", json=body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert detail in response.json()["detail"]


def test_what_needs_no_file_is_exported_without_it(client: TestClient) -> None:
    assert post(client, "vtt", moment(1.0, 2.0, GONE_ID)).status_code == 200
    assert post(client, "csv", moment(1.0, 2.0, GONE_ID)).status_code == 200


def test_nothing_is_cut_from_a_file_that_took_the_place_of_the_one_that_was_indexed(
    library: Library, client: TestClient, tmp_path: Path
) -> None:
    file = Path(library.catalog.resolve(GONE_ID).path)
    shutil.copy(library.catalog.resolve(ID).path, file)
    try:
        for wanted in ("mp4", "reel", "edl", "fcpxml", "otio"):
            response = post(client, wanted, moment(0, 1, GONE_ID))
            assert (response.status_code, response.json()["code"]) == (409, "video_file_changed")
        assert post(client, "csv", moment(0, 1, GONE_ID)).status_code == 200
        assert client.get(f"/v1/videos/{GONE_ID}/clip.mp4?start_s=0&end_s=1").status_code == 409
        out = tmp_path / "cut.mp4"
        result = command(library, "export", "--format", "mp4", "--moment", f"{GONE_ID}@0-1", "--out", str(out))
    finally:
        file.unlink()
    assert isinstance(result.exception, VideoFileChangedError)
    assert f"{file} is not the file that was indexed as {GONE_ID} any more" in result.exception.message
    assert not out.exists()


def test_too_many_encoders_at_once_is_a_problem_for_a_while(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = EncoderSlots(1, patience_s=0.01)
    monkeypatch.setattr(client.app.state.exporter, "_slots", slots)  # type: ignore[attr-defined]
    with slots.one():
        response = post(client, "mp4", moment(0.0, 0.2))
    assert (response.status_code, response.json()["code"]) == (503, "too_busy")
    assert int(response.headers["retry-after"]) > 0
    assert post(client, "mp4", moment(0.0, 0.2)).status_code == 200


def test_a_clip_for_a_player_is_made_once_and_sent_in_ranges(library: Library, client: TestClient) -> None:
    url = f"/v1/videos/{ID}/clip.mp4?start_s=0.5&end_s=1.5"
    whole = client.get(url)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    made = {file: file.stat().st_ino for file in (library.folder.path / "clips").iterdir()}
    part = client.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert client.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert {file: file.stat().st_ino for file in (library.folder.path / "clips").iterdir()} == made


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("start_s=2&end_s=1", 422),
        ("start_s=0&end_s=inf", 422),
        ("start_s=4&end_s=5", 422),
        ("start_s=0", 422),
    ],
)
def test_a_clip_that_cannot_be_is_a_problem(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"/v1/videos/{ID}/clip.mp4?{query}").status_code == status


def test_clips_for_players_are_two_minutes_at_most(library: Library, tmp_path: Path) -> None:
    from app.exports.chosen import ChosenStretch

    long_id = "feedc0de00000004"
    library.catalog.publish(
        VideoRecord(long_id, long_id * 2, "/long.mp4", "long", 1, 1, duration_s=900.0), VideoContents()
    )
    with pytest.raises(InputError, match="at most 120 s"):
        Exporter(Settings(data_dir=tmp_path)).clip(library, ChosenStretch(long_id, Span(0, 121)))


def test_the_clips_longest_unused_make_room(tmp_path: Path) -> None:
    cache = ClipCache(25)

    def ask(name: str) -> None:
        cache.file(tmp_path, name, lambda path: path.write_bytes(bytes(10)))

    for age, name in enumerate(("a", "b")):
        ask(name)
        os.utime(tmp_path / name, (age, 0))
    ask("a")
    ask("c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c"]


def test_a_clip_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        draft.write_bytes(b"half")
        raise InputError("no")

    with pytest.raises(InputError):
        ClipCache(1000).file(tmp_path / "clips", "a.mp4", fail)
    assert list((tmp_path / "clips").iterdir()) == []


def command(library: Library, *arguments: str) -> Any:
    return CliRunner().invoke(cli, ["--data-dir", str(library.folder.path), *arguments])


def test_the_command_writes_a_file_though_another_process_has_the_vectors(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "cuts.edl"
    arguments = ("--format", "edl", "--moment", f"{ID}@1-2", "--moment", f"{ID}@0:00.2-0:00.6", "--out", str(out))
    with library.vectors():
        result = command(library, "--json", "export", *arguments, "--frame-rate", "29.97", "--name", "Cuts")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "path": str(out),
        "format": "edl",
        "moments": 2,
        "size_bytes": out.stat().st_size,
    }
    assert out.read_text(encoding="utf-8").startswith("TITLE: Cuts\nFCM: DROP FRAME")
    assert list(tmp_path.iterdir()) == [out]


def test_the_command_writes_to_standard_output(library: Library) -> None:
    result = command(library, "export", "--format", "srt", "--moment", f"{ID}@1.5-2.5", "--out", "-")
    assert result.stdout == "1\n00:00:00,000 --> 00:00:01,000\nthe branch\n"


@pytest.mark.parametrize(
    ("reference", "out", "message"),
    [
        ("film.mp4", "x.edl", "is not of the form VIDEO@START-END"),
        (f"{ID}@2-9", "x.edl", "moments.0.end_s is 9; the video ends at 3.000 s"),
        (f"{ID}@1-2", "missing/x.edl", "cannot be written: No such file or directory"),
        (f"{ID}@1-2", "", "is a folder; give the name of a file"),
    ],
)
def test_the_command_says_what_is_wrong(
    library: Library, tmp_path: Path, reference: str, out: str, message: str
) -> None:
    result = command(library, "export", "--format", "edl", "--moment", reference, "--out", str(tmp_path / out))
    assert isinstance(result.exception, InputError)
    assert message in result.exception.message
    assert list(tmp_path.iterdir()) == []
