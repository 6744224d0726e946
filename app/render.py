"""What a person reads on the terminal: moments with times, bars and reasons."""

import shlex
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from app.explanations import explanation_lines
from retrieval.domain import Answer, Evidence, EvidenceKind, Moment

_BAR_CELLS = 10
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


def confidence_words(confidence: float) -> str:
    """The confidence in a word or two."""
    for floor, words in ((0.8, "very likely"), (0.6, "likely"), (0.4, "perhaps"), (0.2, "doubtful")):
        if confidence >= floor:
            return words
    return "unlikely"


def _bar(share: float) -> str:
    filled = round(share * _BAR_CELLS)
    return "█" * filled + "░" * (_BAR_CELLS - filled)


def evidence_text(item: Evidence) -> Text:
    """One line that says why, with the matched words set off."""
    line = Text()
    if item.kind is EvidenceKind.TRANSCRIPT:
        line.append("says      ", style="cyan")
    elif item.kind is EvidenceKind.SCREEN_TEXT:
        line.append("on screen ", style="cyan")
    elif item.kind is EvidenceKind.SOUND:
        line.append("sounds    ", style="cyan")
    else:
        line.append("looks     ", style="cyan")
    shown = Text(" ".join((item.text or f"best frame at {clock(item.frame_s or item.span.start_s)}").split()))
    if item.text and item.frame_s is not None:
        shown.append(f"  (frame at {clock(item.frame_s)})", style="dim")
    if item.matched_words:
        shown.highlight_words(list(item.matched_words), style="bold yellow", case_sensitive=False)
    shown.truncate(100, overflow="ellipsis")
    line.append_text(shown)
    return line


def print_moment(console: Console, moment: Moment) -> None:
    """Rank, times, video, confidence, then one line of evidence per lane."""
    span = f"{clock(moment.span.start_s)}–{clock(moment.span.end_s)}"
    console.print(
        f"[bold]{moment.rank:>2}[/bold]  [bold green]{span}[/bold green]  "
        f"{escape(Path(moment.path).name)}  [dim]{_bar(moment.confidence)}[/dim] "
        f"{moment.confidence:.0%} {confidence_words(moment.confidence)}",
        highlight=False,
    )
    telling = [item for item in moment.evidence if item.score >= _LEAST_TELLING]
    for item in telling or moment.evidence[:1]:
        line = Text("      ")
        line.append_text(evidence_text(item))
        console.print(line)
    if moment.further:
        more = f"{moment.further} more in this video; to see them, search with --video {moment.video_id}"
        console.print(f"      [dim]{more}[/dim]", highlight=False, soft_wrap=True)
    for reason in explanation_lines(moment.explanation) if moment.explanation else ():
        console.print(f"      [dim]{escape(reason)}[/dim]", highlight=False, soft_wrap=True)


def print_answer(console: Console, answer: Answer) -> None:
    """What was heard of a spoken query; every moment, or why there is none; how much was searched."""
    if answer.transcript is not None:
        console.print(
            f"heard  [bold]{escape(answer.transcript.text)}[/bold]  [dim]{answer.transcript.confidence:.0%} sure[/dim]",
            highlight=False,
        )
    if answer.abstained:
        console.print(f"[yellow]Nothing found.[/yellow] {escape(answer.reason or '')}".rstrip(), highlight=False)
        if answer.moments:
            console.print("[dim]The nearest, none of them convincing:[/dim]")
    for moment in answer.moments:
        print_moment(console, moment)
    videos = f"{answer.searched.videos} video{'' if answer.searched.videos == 1 else 's'}"
    console.print(f"[dim]searched {videos}, {clock(answer.searched.seconds)}[/dim]", highlight=False)
    if answer.next_cursor is not None:
        more = f"for more, repeat the search with --cursor {answer.next_cursor}"
        console.print(f"[dim]{more}[/dim]", highlight=False, soft_wrap=True)


def play_hint(moment: Moment) -> str:
    """A command that plays the moment: ffplay, which comes with ffmpeg, or a cut where that shows another time."""
    if moment.times_break:
        span = f"{moment.video_id}@{moment.span.start_s:.2f}-{moment.span.end_s:.2f}"
        return f"moments export --format mp4 --moment {span} --out moment.mp4"
    return f"ffplay -autoexit -ss {moment.span.start_s:.2f} -t {moment.span.duration_s:.2f} {shlex.quote(moment.path)}"
