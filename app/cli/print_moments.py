"""What a person reads on the terminal: moments with times, bars and reasons."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import assert_never

from rich.console import Console
from rich.text import Text

from app.cli.terminal import counted, shown
from app.harmless import shell_word
from retrieval.answer.confidence import words_of
from retrieval.domain import Answer, Correction, Evidence, Explanation, LaneWeight, Moment, WeightSource
from retrieval.lanes.lane_table import LANES
from retrieval.path_text import meant

_BAR_CELLS = 10
_MOST_CELLS = 100
"""Of a long line of speech a terminal shows so much; a file or another program gets all of it."""

_LEAST_TELLING = 0.05
"""A lane that found the moment less probable than this has nothing to tell of it."""


def clock(seconds: float) -> str:
    """``1:02:31`` or ``2:31.5``: hours only where there are any, tenths where it is short."""
    tenths = round(max(0.0, seconds) * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    whole, tenth = divmod(rest, 10)
    if hours:
        return f"{hours}:{minutes:02d}:{whole:02d}"
    return f"{minutes}:{whole:02d}.{tenth}"


def _bar(share: float) -> str:
    filled = round(share * _BAR_CELLS)
    return "█" * filled + "░" * (_BAR_CELLS - filled)


def evidence_text(item: Evidence, most_cells: int | None = None) -> Text:
    """One line that says why, with the matched words set off; cut to ``most_cells`` if that is a number."""
    verb = LANES[item.lane].verb + (f" ({item.language})" if item.language is not None else "")
    line = Text(f"{verb:<9} ", style="cyan")
    what = Text(" ".join((item.text or f"best frame at {clock(item.frame_s or item.span.start_s)}").split()))
    if item.text and item.frame_s is not None:
        what.append(f"  (frame at {clock(item.frame_s)})", style="dim")
    if item.matched_words:
        what.highlight_words(list(item.matched_words), style="bold yellow", case_sensitive=False)
    if item.translation is not None:
        what.append(f"  “{' '.join(item.translation.split())}” in English", style="dim")
    if item.speaker is not None:
        what = Text.assemble((f"{item.speaker.label}: ", "bold"), what)
    if most_cells is not None:
        what.truncate(most_cells, overflow="ellipsis")
    line.append_text(what)
    return line


def print_moment(console: Console, moment: Moment) -> None:
    """Rank, times, video, confidence, then one line of evidence per lane."""
    span = f"{clock(moment.span.start_s)}–{clock(moment.span.end_s)}"
    console.print(
        f"[bold]{moment.rank:>2}[/bold]  [bold green]{span}[/bold green]  "
        f"{shown(Path(moment.path).name)}  [dim]{_bar(moment.confidence)}[/dim] "
        f"{moment.confidence:.0%} {words_of(moment.confidence)}"
    )
    telling = [item for item in moment.evidence if item.score >= _LEAST_TELLING]
    for item in telling or moment.evidence[:1]:
        line = Text("      ")
        line.append_text(evidence_text(item, _MOST_CELLS if console.file.isatty() else None))
        console.print(line)
    if moment.further:
        more = f"{moment.further} more in this video; to see them, search with --video {moment.video_id}"
        console.print(f"      [dim]{more}[/dim]")
    for reason in explanation_lines(moment.explanation) if moment.explanation else ():
        console.print(f"      [dim]{shown(reason)}[/dim]")


def print_answer(console: Console, answer: Answer) -> None:
    """What was heard of a spoken query; every moment, or why there is none; how much was searched."""
    if answer.transcript is not None:
        heard = answer.transcript
        language = f", {shown(heard.language)}" if heard.language else ""
        console.print(f"heard  [bold]{shown(heard.text)}[/bold]  [dim]{heard.confidence:.0%} sure{language}[/dim]")
    if answer.corrected:
        console.print(f"[dim]{shown(corrected_line(answer.corrected))}; to keep to your words: --exact-words[/dim]")
    for warning in answer.warnings:
        console.print(f"[yellow]{shown(warning)}[/yellow]")
    if answer.abstained:
        console.print(f"[yellow]Nothing found.[/yellow] {shown(answer.reason or '')}".rstrip())
        if answer.moments:
            console.print("[dim]The nearest, none of them convincing:[/dim]")
    for moment in answer.moments:
        print_moment(console, moment)
    videos = counted(answer.searched.videos, "video")
    console.print(f"[dim]searched {videos}, {clock(answer.searched.seconds)}[/dim]")
    if answer.searched.outdated:
        console.print(f"[dim]{outdated_line(answer.searched.outdated)}[/dim]")
    if answer.next_cursor is not None:
        more = f"for more, repeat the search with --cursor {answer.next_cursor}"
        console.print(f"[dim]{more}[/dim]")


def outdated_line(videos: int) -> str:
    """How many videos want to be reindexed, and the command for it."""
    were = "was" if videos == 1 else "were"
    return f"{counted(videos, 'video')} {were} indexed by an older version; to bring up to date:  moments reindex"


def play_hint(moment: Moment) -> str:
    """A command that plays the moment: ffplay, which comes with ffmpeg, or a cut where that shows another time."""
    span = moment.span
    if moment.times_break:
        cut = f"{moment.video_id}@{span.start_s:.2f}-{span.end_s:.2f}"
        return f"moments export --format mp4 --moment {cut} --out moment.mp4"
    return f"ffplay -autoexit -ss {span.start_s:.2f} -t {span.duration_s:.2f} {shell_word(meant(moment.path))}"


def corrected_line(corrected: Iterable[Correction]) -> str:
    """What was searched for instead of what."""
    return f"searched for {', '.join(f'{one.meant} instead of {one.written}' for one in corrected)}"


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """One line per lane of each step, and one on its start and end."""
    for step in explanation.steps:
        if len(explanation.steps) > 1:
            yield f"step {step.text!r}: {step.fused:.2f}"
        if step.corrected:
            yield corrected_line(step.corrected)
        for lane, found in step.lanes.items():
            place = "not found" if found.rank is None else f"{found.probability:.2f}, rank {found.rank}"
            yield f"{lane:<7} {place}; weight {found.weight.value:g} ({_why(found.weight)})"
        starts, ends = step.start.replace("_", " "), step.end.replace("_", " ")
        yield f"starts with {starts}, ends with {ends}, by {step.spanned_by}; fused {step.fused:.2f}"
    if explanation.unwanted > 0:
        yield f"what is not wanted may be there too: {explanation.unwanted:.0%} taken off"


def _why(weight: LaneWeight) -> str:
    match weight.source:
        case WeightSource.CALLER:
            return "as you set it"
        case WeightSource.EVEN:
            return "all lanes count alike"
        case WeightSource.WORDS | WeightSource.SCOPE:
            return f"the query says {weight.words!r}" if weight.words else "the query asks for other lanes"
        case _:
            assert_never(weight.source)
