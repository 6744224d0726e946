"""`moments demo`: a sample or the user's own file, indexed and searched before their eyes."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from app.cli.commands.index import index
from app.cli.invocation import Invocation
from app.cli.print_moments import play_hint, print_answer
from app.cli.sample_video import SEARCHES, make_sample
from app.cli.terminal import make_console, shown
from app.cli.umask import users_umask
from app.open_engine import open_engine, resolve_profile
from app.settings import Settings
from retrieval.asking.query import Query, parse_term
from retrieval.domain import Profile
from retrieval.storage.library import Library
from retrieval.video_filter import VideoFilter

_FOLDER = Path("demo")
_OWN_SEARCHES = ("a person", "a car on a road", "text on a slide", "someone talking", "music")
_SHOWN = 2
_BETTER = {
    Profile.LITE: (
        "lite hears about 100 languages, but finds by meaning in English only, in others by words; it sees everyday "
        "objects and knows a dozen sounds.\nThe standard profile (make setup) understands free descriptions, "
        "any sound, and what is meant in about 100 languages."
    ),
    Profile.STANDARD: "The max profile, on a GPU, sees finer detail and transcribes better still.",
    Profile.MAX: "This is the best profile there is.",
}
"""What the next better profile would bring, in a line or two."""


@click.command(epilog="Example:  moments demo ~/Videos/holiday.mp4")
@click.argument("video", required=False, type=click.Path(path_type=Path))
@click.pass_context
def demo(context: click.Context, video: Path | None) -> int:
    """Make a sample video, index it and search it.

    With VIDEO, that file is indexed and searched instead. The library lies in ./demo/library unless --data-dir says
    otherwise, and the sample in ./demo.
    """
    invocation: Invocation = context.obj
    invocation.overrides.setdefault("data_dir", (_FOLDER / "library").absolute())
    settings = invocation.settings
    console = make_console()
    if video is None:
        file = _FOLDER / "sample.mp4"
        if not file.exists():
            console.print(
                "Making a sample video: pictures of scikit-image, slides, a subtitle track, two sounds, a voice ..."
            )
            with users_umask():
                make_sample(file)
    else:
        file = video
    with Library(settings, "moments demo") as library:
        resolved = resolve_profile(library, settings)
    invocation.overrides["profile"] = resolved.profile
    console.print(f"Profile [bold]{resolved.profile}[/bold]: {shown(resolved.reason)}")
    console.print(f"[dim]{_BETTER[resolved.profile]}[/dim]\n")
    failed = context.invoke(index, paths=(str(file),))
    if failed:
        return 1
    _search(console, invocation.settings, file, SEARCHES if video is None else _OWN_SEARCHES)
    program = shlex.quote(str(Path(sys.argv[0])))
    data_dir = shlex.quote(str(settings.data_dir))
    console.print(
        f"\nLook further:\n  {program} --data-dir {data_dir} search {shlex.quote('whatever you remember')}\n"
        f"  {program} --data-dir {data_dir} show {shlex.quote(str(file))}\n"
        f"  {program} --data-dir {data_dir} index PATH ..."
    )
    return 0


def _search(console: Console, settings: Settings, file: Path, searches: Sequence[str]) -> None:
    """Show what the file has for each of the searches."""
    with open_engine(settings) as engine:
        where = VideoFilter((str(file.absolute()),))
        for words in searches:
            console.print(f"\n[bold]› {shown(words)}[/bold]")
            answer = engine.search(Query((parse_term(words),), where=where, limit=_SHOWN))
            print_answer(console, answer)
            if answer.moments and not answer.abstained:
                hint = play_hint(answer.moments[0])
                console.print(f"[dim]play it:  {shown(hint)}[/dim]")
