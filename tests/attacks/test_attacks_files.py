"""Files that name other files or servers, and texts that try to be more than text in what is exported."""

import ast
import csv
import io
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.exports.chosen import Chosen
from app.exports.clip import clip_arguments, cutting
from app.exports.fcpxml import fcpxml
from app.exports.ffmpeg_process import run_ffmpeg
from app.exports.otio_files import fcp7_xml
from app.exports.tables import csv_text, json_text
from indexer.media.ffmpeg_binary import ffmpeg_path
from indexer.media.probe import probe
from indexer.subtitles.cues import cues_in_text
from retrieval.asking.media_input import read_picture, read_sound
from retrieval.domain import ScreenText, Segment, Span, SpeechOrigin
from retrieval.errors import ExportFailedError, MomentsError
from retrieval.isolation.children import NICENESS
from retrieval.subtitle_text import Cue, srt, vtt
from tests.app.exports.test_export_lists import CAMERA, sequence
from tests.media import colour, tone, video
from tests.places import ROOT

PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "hls-key": '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=AES-128,URI="{}"\n#EXTINF:1,\na.ts\n',
    "hls-map": '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI="{}"\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n',
    "hls-in-concat": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nconcat:{}|{}\n#EXT-X-ENDLIST\n",
    "hls-in-part": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsubfile,,start,0,end,99,,:{}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{}'\n",
    "dash": '<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>{}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    "smooth": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{}">]><SmoothStreamingMedia/>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{}\nm=video 5004 RTP/AVP 96\n",
    "asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>',
    "ram": "rtsp://127.0.0.1:{port}/x\n{}\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{}"/></svg>',
}
READERS: dict[str, Callable[[Path], object]] = {
    "index": probe,
    "sound query": lambda path: read_sound(path, 30.0),
    "picture query": read_picture,
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return video(tmp_path_factory.mktemp("clips") / "clip.mp4", colour("red", 1.0), tone(1.0), acodec="aac")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port at which nobody may knock."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        opened.setblocking(False)
        yield opened


def playlists_of(kind: str, clip: Path, listener: socket.socket) -> Iterator[str]:
    """The playlist with a file of this machine, and with an address at which the listener would hear."""
    port = listener.getsockname()[1]
    for target in (str(clip), f"file://{clip}", f"http://127.0.0.1:{port}/x.mp4", f"tcp://127.0.0.1:{port}"):
        yield PLAYLISTS[kind].replace("{port}", str(port)).replace("{}", target)


def nobody_knocked(listener: socket.socket) -> bool:
    with suppress(BlockingIOError):
        listener.accept()
        return False
    return True


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("reader", READERS)
def test_no_file_makes_a_reader_open_another(
    clip: Path, tmp_path: Path, listener: socket.socket, kind: str, reader: str
) -> None:
    """Each names a film that is there, or an address at which somebody listens: who follows it succeeds or is heard."""
    disguised = tmp_path / "innocent.mp4"
    for content in playlists_of(kind, clip, listener):
        disguised.write_text(content)
        with pytest.raises(MomentsError):
            READERS[reader](disguised)
    assert nobody_knocked(listener)


@pytest.mark.parametrize("kind", ["hls", "ffconcat", "sdp"])
def test_no_file_makes_an_encoder_open_another(clip: Path, tmp_path: Path, listener: socket.socket, kind: str) -> None:
    """It is put in the place of a film at the last moment, when all checks are over."""
    film, out = tmp_path / "film.mp4", tmp_path / "out.mp4"
    shutil.copy(clip, film)
    arguments = clip_arguments(cutting(probe(film), Span(0.0, 0.5)), "title", out)
    for content in playlists_of(kind, clip, listener):
        film.write_text(content)
        with pytest.raises(ExportFailedError):
            run_ffmpeg(arguments, out)
    assert nobody_knocked(listener)


def test_an_encoder_leaves_the_processor_to_who_waits_for_less(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"import os, pathlib, time; time.sleep(0.2); pathlib.Path({str(out)!r}).write_text(str(os.nice(0)))"
    run_ffmpeg([sys.executable, "-c", script], out)
    assert int(out.read_text()) == min(19, os.nice(0) + NICENESS)


@pytest.mark.parametrize(
    "part", ["<", "{\\", '<a b="', "-->", "00:00:0", "&notit", "<          ", "\r", "♪", "[", "{y:b}", "1\n\n", "\\N"]
)
def test_no_subtitle_takes_long(part: str) -> None:
    """A hundred thousand times what a reader has to look at twice."""
    began_s = time.process_time()
    cues_in_text(f"1\n00:00:01,000 --> 00:00:02,000\nwords {part * 100_000}")
    assert time.process_time() - began_s < 5.0


UNSAFE = {
    "pickle.load", "pickle.loads", "marshal.loads", "shutil.unpack_archive", "tarfile.open", "zipfile.ZipFile", "eval",
    "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "torch.load",
}  # fmt: skip
ALLOWED = {
    ("retrieval/isolation/child.py", "pickle.loads"),  # what this process's own parent asks
    ("retrieval/isolation/isolated.py", "eval"),  # an annotation of our own
}


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call in the program: the file, what is called, the call."""
    for package in ("app", "indexer", "retrieval"):
        for file in sorted((ROOT / package).rglob("*.py")):
            for part in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(part, ast.Call):
                    yield str(file.relative_to(ROOT)), ast.unparse(part.func), part


def test_no_code_unpacks_unpickles_or_asks_a_shell() -> None:
    """No archive is ever unpacked, so that no name in one matters; nothing of a stranger is unpickled or evaluated."""
    found = {(file, called) for file, called, _ in calls() if called in UNSAFE}
    assert found == ALLOWED
    assert not [file for file, _, call in calls() if any(given.arg == "shell" for given in call.keywords)]


def test_a_program_of_the_working_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of videos may hold a program of that name."""
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert Path(ffmpeg_path()).resolve().parent != tmp_path


def chosen(text: str) -> Chosen:
    segment = Segment(Span(0.0, 1.0), text, (), "en", 0.9, SpeechOrigin.SIDECAR_SUBTITLE)
    path = Path(f"/films/{text.replace('/', '-')}.mp4")
    return Chosen("0" * 16, path, text, Span(0.0, 1.0), 10.0, None, (segment,), (ScreenText(Span(0, 1), text, 0.9),))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "=cmd|' /C calc'!A0",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
    ],
)
def test_no_cell_of_a_table_is_computed(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_text([chosen(text)]).removeprefix("\ufeff")))
    for column in ("title", "speech", "screen_text"):
        assert row[column].startswith("'"), (column, row[column])


@pytest.mark.parametrize("text", ['a"\nb,c', "a\r\n1,x,y", "'\"", "\x00", "\u2028", "a;b\tc"])
def test_a_table_keeps_its_rows_and_columns(text: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text([chosen(text), chosen("next")]).removeprefix("\ufeff"), newline="")))
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(json.loads(json_text("name", [chosen(text)]))["moments"]) == 1


MARKUP = "</title><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>&b;]]>\x00\x08\ufffe\"' <script>"


@pytest.mark.parametrize("written", [fcpxml, fcp7_xml])
def test_a_title_is_no_markup(written: Callable[..., str]) -> None:
    text = written(sequence((CAMERA, 0.0, 1.0), name=MARKUP))
    assert "<!ENTITY" not in text
    assert "<script>" not in text
    ElementTree.fromstring(text)


@pytest.mark.parametrize("written", [srt, vtt])
@pytest.mark.parametrize(
    "text",
    [
        "a\n\n2\n00:00:05,000 --> 00:00:06,000\nforged",
        "a\r\n\r\n00:00:05.000 --> 00:00:06.000\r\nforged",
        "a\n\nNOTE x\n\nSTYLE\n::cue { background: url(http://evil.example) }",
        "a\u2028\u2028b\x85\x85c --> d",
        "<script>alert(1)</script><b onclick=x><c.x>&lt;",
    ],
)
def test_what_is_said_starts_no_cue_and_no_tag(written: Callable[..., str], text: str) -> None:
    made = written([Cue(Span(0.0, 1.0), text)])
    assert made.count("-->") == 1
    assert "\n\n" not in made.partition("-->")[2].strip()
    assert "<script" not in made
    assert "<b" not in made
