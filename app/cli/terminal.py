"""What commands print for people. All of it goes through here, so that no file name or transcript can do harm.

Lines are never wrapped or cut: a terminal wraps them itself, and what is copied or piped stays whole.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.text import Text

from app.harmless import harmless, one_line


class _HarmlessConsole(Console):
    """A console through which no control character comes but its own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)


def make_console(*, stderr: bool = False) -> Console:
    """The console of standard output or standard error."""
    return _HarmlessConsole(stderr=stderr, soft_wrap=True, highlight=False, emoji=False)


def shown(value: str) -> str:
    """A name, a title or a message as it stands in marked-up text: on one line, and without markup of its own."""
    return escape(one_line(value))


def print_rows(console: Console, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows of marked-up cells under their heading, in columns as wide as they need."""
    lines = [[Text.from_markup(cell, emoji=False) for cell in row] for row in rows]
    lines.insert(0, [Text(name, style="bold") for name in heading])
    widths = [max(line[column].cell_len for line in lines) for column in range(len(heading) - 1)]
    for line in lines:
        for cell, width in zip(line, widths, strict=False):
            cell.pad_right(width - cell.cell_len + 2)
        console.print(Text().join(line))


def counted(count: int, noun: str) -> str:
    """``1 video`` or ``1,204 videos``: a count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
