"""What is printed: nothing that a file's name or its words hold moves the cursor, and nothing is wrapped or cut."""

import ast
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.text import Text

from app.cli.print_moments import print_answer
from app.cli.progress_bar import IndexProgress
from app.cli.terminal import make_console, print_rows, shown
from app.harmless import LogFormatter, harmless, json_line, one_line, shell_word
from retrieval.domain import Answer, Evidence, EvidenceKind, Lane, Moment, Searched, Segment, Span, SpeechOrigin
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoFile, VideoRecord
from tests.places import ROOT
from tests.terminal import moments

EVIL = "a\x1b[31m\x1b]0;owned\x07 \x9b2J\u202egpj\r\n[red]b[/] :smile:"
SHOWN = "a\\x1b[31m\\x1b]0;owned\\x07 \\x9b2J\\u202egpj\\r\\n[red]b[/] :smile:"
ID = "feedc0de00000001"
LONG = "/films/" + "a very long name " * 30 + ".mp4"


def is_harmless(text: str) -> bool:
    return not any(letter in "\u202e\u2066" or (not letter.isprintable() and letter != "\n") for letter in text)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A video with a hostile name, title, warning and transcript, and one with a long name."""
    with Library(RetrievalSettings(data_dir=tmp_path), "test") as opened:
        said = Segment(Span(0.0, 1.0), EVIL, (), "en", 0.9, SpeechOrigin.SIDECAR_SUBTITLE)
        evil = VideoRecord(ID, ID * 2, f"/films/{EVIL}.mp4", EVIL, 1, 1, duration_s=3.0, warnings=(EVIL,))
        opened.catalog.publish(evil, VideoContents(segments=(said,)))
        opened.catalog.publish(VideoRecord("1" * 16, "1" * 32, LONG, "long", 1, 1), VideoContents())
        yield opened


def test_controls_are_written_out() -> None:
    assert one_line(EVIL) == SHOWN
    assert harmless("two\nlines\tand \x1b") == "two\nlines\tand \\x1b"
    assert one_line("caf\udce9") == "caf\\xe9"
    for fine in ("Die Ämter", "東京", "שלום", "👩‍🚀", "می‌خواهم"):
        assert one_line(fine) == fine


def test_json_is_ascii_where_the_terminal_is_and_never_moves_the_cursor() -> None:
    value = {"path": f"{EVIL} é \x7f\udce9"}
    for ascii_only in (False, True):
        line = json_line(value, ascii_only=ascii_only)
        assert json.loads(line) == value
        assert is_harmless(line)
        line.encode("ascii" if ascii_only else "utf-8")


@pytest.mark.parametrize("path", ["/films/a b.mp4", f"/films/{EVIL}", "caf\udce9 \x1b'\\.mp4", "plain"])
def test_a_word_for_the_shell_is_that_path(path: str) -> None:
    word = shell_word(path)
    assert is_harmless(word)
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert os.fsdecode(done.stdout) == path


@pytest.mark.parametrize(
    "arguments",
    [
        ("videos",),
        ("show", ID),
        ("show", EVIL),
        ("doctor",),
        ("judge", "--query", EVIL, "--video", ID, "--from", "0", "--to", "1", "--right"),
        ("keys", "create", EVIL),
        ("keys", "revoke", EVIL),
        ("index", f"/nowhere/{EVIL}"),
        ("export", "--format", "srt", "--moment", f"{EVIL}@0-1", "--out", "-"),
        ("videos", "--limit", EVIL),
        (EVIL,),
        ("remove", ID),
    ],
)
def test_no_command_prints_what_moves_the_cursor(
    library: Library, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    for form in ((), ("--json",)):
        run = moments(capsys, "--data-dir", str(library.folder.path), "--profile", "lite", *form, *arguments)
        assert is_harmless(run.out)
        assert is_harmless(run.errors)
        assert "Traceback" not in run.errors


def test_lists_and_contents_are_whole_and_unchanged(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ("--data-dir", str(library.folder.path))
    listed = moments(capsys, *folder, "videos").out.splitlines()
    assert [line[line.find("/films") :] for line in listed[1:]] == [LONG, f"/films/{SHOWN}.mp4"]
    told = moments(capsys, *folder, "show", ID).out.splitlines()
    assert told[0] == f"/films/{SHOWN}.mp4"
    assert told[-1].endswith(f"speech (en)  {SHOWN}")


def test_an_answer_is_harmless_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    said = f"{EVIL} {'word ' * 60}end"
    proof = Evidence(Lane.SPEECH, EvidenceKind.TRANSCRIPT, Span(0.0, 1.0), 0.9, said, ("word",))
    moment = Moment(1, ID, LONG, EVIL, Span(0.0, 1.0), 0.5, 0.9, 0.9, {Lane.SPEECH: 0.9}, (proof,))
    print_answer(make_console(), Answer((moment,), False, None, Searched(1, 3.0)))
    out = capsys.readouterr().out
    assert is_harmless(out)
    first, second, *_ = out.splitlines()
    assert Path(LONG).name in first
    assert second.endswith("word end")


def test_a_progress_bar_shows_any_name(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "200")
    with IndexProgress(1) as progress:
        progress.show(ID, Path(f"[red]:smile:[{EVIL.replace('/', '')}"), "look", 0.5, 60.0)
    drawn = capsys.readouterr().err
    assert "[red]:smile:[a\\x1b[31m\\x1b]0;" in drawn
    assert "\x1b]0;" not in drawn


def test_rows_stand_in_columns_and_the_last_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(make_console(), ("a", "b", "path"), [("1", "東京", shown(LONG)), ("22", "x", "[green]y[/green]")])
    assert capsys.readouterr().out.splitlines() == ["a   b     path", f"1   東京  {LONG}", "22  x     y"]


def test_logs_are_harmless(library: Library, capfd: pytest.CaptureFixture[str]) -> None:
    program = (
        "import sys, logging\n"
        "from app.cli.main import main\n"
        f"sys.argv = ['moments', '--data-dir', {str(library.folder.path)!r}, 'videos']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    logging.getLogger('indexer').warning('lost %s', {EVIL!r})\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    logged = capfd.readouterr().err
    assert is_harmless(logged)
    assert "lost a\\x1b[31m" in logged
    assert logging.getLogger("indexer").level == logging.NOTSET


def test_a_terminal_without_unicode_is_no_reason_to_fail(library: Library) -> None:
    for form in ((), ("--json",)):
        command = [
            sys.executable,
            "-m",
            "app.cli.main",
            "--data-dir",
            str(library.folder.path),
            *form,
            "show",
            "1" * 16,
        ]
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        record = library.catalog.resolve("1" * 16)
        moved = VideoFile("/films/fïlm 東京.mp4", record.size_bytes, record.modified_ns)
        library.catalog.add_file(record.id, moved, forget=record.paths)
        out = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout
        assert b"f\\xeflm" in out or json.loads(out)["path"] == "/films/fïlm 東京.mp4"


@pytest.mark.parametrize("arguments", [("--path", "*/nothing/*"), ("--tag", "none"), ("--path", "*", "--tag", "none")])
def test_a_list_without_a_match_says_so(
    library: Library, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    folder = ("--data-dir", str(library.folder.path))
    out = moments(capsys, *folder, "videos", *arguments).out
    assert out.startswith("No video matches ")
    assert repr(arguments[-1]) in out


def test_an_empty_library_says_how_to_fill_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert moments(capsys, "--data-dir", str(tmp_path), "videos").out.startswith("No videos yet. Add some with:")


def test_a_list_that_was_cut_short_says_so(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    run = moments(capsys, "--data-dir", str(library.folder.path), "videos", "--limit", "1")
    assert len(run.out.splitlines()) == 2
    assert "for more, raise --limit" in run.errors


def test_there_is_one_way_to_the_terminal() -> None:
    makers = {"Console", "Table", "escape", "echo", "secho"}
    allowed = {"app/harmless.py", "app/cli/terminal.py", "app/cli/main.py", "app/cli/commands/keys.py"}
    for file in sorted(ROOT.glob("app/**/*.py")):
        used = {
            name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
            for name in [getattr(node.func, "id", None) or getattr(node.func, "attr", "")]
            if name in makers
        }
        place = file.relative_to(ROOT).as_posix()
        assert not used or place in allowed, f"{place} prints by {sorted(used)}"


def test_a_console_lets_its_own_colours_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    console = make_console()
    with console.capture() as captured:
        console.print(f"[red]{shown(EVIL)}[/red]", Text(EVIL, style="bold"))
    assert captured.get().startswith("\x1b[31ma\\x1b[31m")
    assert "\x1b[31m\x1b]0;" not in captured.get()
    assert "\u202e" not in captured.get()


def test_a_log_has_one_line_for_each_record_whatever_it_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    forged = "film.mp4\nWARNING forged\r\x1b[2K\u2028more"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormatter("%(levelname)s %(message)s"))
    log = logging.Logger("test")
    log.addHandler(handler)
    log.warning("cannot read %s", forged)
    try:
        raise OSError(forged)
    except OSError:
        log.exception("indexing %s failed", forged)
    lines = capsys.readouterr().err.splitlines()
    shown = r"film.mp4\nWARNING forged\r\x1b[2K\u2028more"
    assert lines[0] == f"WARNING cannot read {shown}"
    assert lines[1] == f"ERROR indexing {shown} failed"
    assert len(lines) > 3
    assert all(line.startswith("    ") for line in lines[2:])
