"""`moments speakers`: whose voices are heard, and what they are called."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from app.cli.invocation import Invocation, emit_json
from app.cli.print_moments import clock
from app.cli.server_client import server_of
from app.cli.terminal import counted, make_console, print_rows, shown
from app.harmless import say
from retrieval.answer.confidence import words_of
from retrieval.errors import ConflictError, SpeakerNotFoundError
from retrieval.speaker_names import name_key
from retrieval.storage.library import Library
from retrieval.storage.records import KnownVoice, VideoRecord

if TYPE_CHECKING:
    from retrieval.storage.catalog import Catalog

_MOST_OF_A_VIDEO = 1_000
_MOST_TOLD = 10
_LABEL = "speaker "


class _Speakers(click.Group):
    """A group that lists where it is told nothing else: what is no command is a video."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx)):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Speakers,
    epilog="""\b
Examples:
  moments speakers talk.mp4
  moments speakers rename talk.mp4 2 Anna
  moments speakers confirm other.mp4 1 """,
)
def speakers() -> None:
    """List and name those who speak in the videos.

    Without a command it lists: `moments speakers` all of them, `moments speakers VIDEO` those of one video.

    SPEAKER is a number, as 2 or "Speaker 2", or a name that somebody gave.
    """


@speakers.command("list", epilog="Example:  moments speakers list talk.mp4")
@click.argument("video", required=False)
@click.option("--name", help="Only those of this name, in capitals or not.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="At most so many.")
@click.pass_obj
def list_(invocation: Invocation, video: str | None, name: str | None, limit: int) -> None:
    """List the voices of all videos or of one: how long each speaks, how sure that is, and who it may be.

    Voices of one video that have the same name are the same person, and are one line.
    """
    with Library(invocation.settings, "moments speakers") as library:
        video_id = None if video is None else library.catalog.resolve(video).id
        page = library.catalog.voices.page(limit, video_id=video_id, name=name)
    if invocation.as_json:
        emit_json({"speakers": _told(page.voices), "more": page.next_cursor is not None})
        return
    if not page.voices:
        say(_why_none(video, name))
        return
    _print_list(page.voices)
    if page.next_cursor is not None:
        say(f"these are the first {limit:,}; for more, raise --limit", err=True)


@speakers.command(
    epilog="""\b
Examples:
  moments speakers rename talk.mp4 2 Anna
  moments speakers rename talk.mp4 Anna --clear """
)
@click.argument("video")
@click.argument("speaker")
@click.argument("name", required=False)
@click.option("--clear", is_flag=True, help="Take the name away.")
@click.pass_obj
def rename(invocation: Invocation, video: str, speaker: str, name: str | None, clear: bool) -> None:
    """Give a speaker of a video a name, in the place of one that it has.

    Give several the same name if they are the same person. The name is proposed for like voices of other videos, see
    `moments speakers`, and set for none of them before you confirm it.
    """
    if (name is None) != clear:
        raise click.UsageError("give a NAME, or --clear to take the name away")
    with Library(invocation.settings, "moments speakers") as library:
        record = library.catalog.resolve(video)
        numbers = _numbers(library.catalog, record, speaker)
        _answer(invocation, library.catalog.voices.rename(record.id, numbers, name))


@speakers.command(epilog="Example:  moments speakers confirm other.mp4 1")
@click.argument("video")
@click.argument("speaker")
@click.pass_obj
def confirm(invocation: Invocation, video: str, speaker: str) -> None:
    """Give a speaker the name that is proposed for it."""
    _settle(invocation, video, speaker, is_right=True)


@speakers.command(epilog="Example:  moments speakers refuse other.mp4 1")
@click.argument("video")
@click.argument("speaker")
@click.pass_obj
def refuse(invocation: Invocation, video: str, speaker: str) -> None:
    """Have the name that is proposed for a speaker not proposed for it again."""
    _settle(invocation, video, speaker, is_right=False)


@speakers.command(
    epilog="""\b
Examples:
  moments speakers forget talk.mp4
  moments speakers forget --all """
)
@click.argument("video", required=False)
@click.option("--all", "everywhere", is_flag=True, help="Forget the voices of all videos.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(invocation: Invocation, video: str | None, everywhere: bool, yes: bool) -> None:
    """Delete the voices of a video, or of all, with their names. What was said stays, by nobody.

    With MOMENTS_SPEAKERS=false no voices are kept of what is indexed from then on.
    """
    if (video is None) != everywhere:
        raise click.UsageError("give a VIDEO, or --all for all videos")
    with Library(invocation.settings, "moments speakers") as library:
        record = None if video is None else library.catalog.resolve(video)
        where = "all videos" if record is None else shown(record.path)
        if not yes:
            click.confirm(f"Delete the voices of {where}, and their names?", abort=True, err=True)
        video_id = None if record is None else record.id
        server = server_of(invocation.settings)
        if server is None:
            count = library.forget_voices(video_id)
        else:
            count = library.catalog.voices.forget(video_id)
            server.forget_voices(video_id)  # it keeps the vectors, in which the numbers of voices stand too
    if invocation.as_json:
        emit_json({"video_id": None if record is None else record.id, "forgotten": count})
    else:
        say(f"forgot {counted(count, 'voice')}")


def _settle(invocation: Invocation, video: str, speaker: str, *, is_right: bool) -> None:
    """Confirm or refuse what is proposed for the speaker. Raises ConflictError if nothing is."""
    with Library(invocation.settings, "moments speakers") as library:
        record = library.catalog.resolve(video)
        numbers = _numbers(library.catalog, record, speaker)
        voices = library.catalog.voices.page(_MOST_OF_A_VIDEO, video_id=record.id).voices
        proposed = {
            voice.speaker.number: voice.proposal.name
            for voice in voices
            if voice.proposal is not None and voice.speaker.number in numbers
        }
        if not proposed:
            raise ConflictError(f"no name is proposed for {speaker} of {record.title}")
        settled = [
            library.catalog.voices.settle(record.id, number, name, is_right=is_right)
            for number, name in proposed.items()
        ]
    _answer(invocation, settled)


def _numbers(catalog: "Catalog", record: VideoRecord, reference: str) -> list[int]:
    """The voices of the video that a user means by a number, or by a name that somebody gave.

    Raises SpeakerNotFoundError.
    """
    there = catalog.voices.speakers_of(record.id)
    key = name_key(reference)
    named = [number for number, speaker in there.items() if speaker.name and name_key(speaker.name) == key]
    digits = key.removeprefix(_LABEL)
    if named or (digits.isdecimal() and len(digits) < 10 and int(digits) in there):
        return named or [int(digits)]
    known = ", ".join(there[number].label for number in sorted(there)[:_MOST_TOLD]) or "none"
    if len(there) > _MOST_TOLD:
        known += f" and {len(there) - _MOST_TOLD:,} more"
    raise SpeakerNotFoundError(f"{record.title} has no speaker {reference!r}; its speakers are: {known}")


def _answer(invocation: Invocation, voices: Sequence[KnownVoice]) -> None:
    if invocation.as_json:
        emit_json({"speakers": _told(voices)})
        return
    _print_list(voices)


def _told(voices: Sequence[KnownVoice]) -> list[dict[str, Any]]:
    from app.contract.speakers import VoiceAnswer

    return [VoiceAnswer.of_voice(voice).model_dump(mode="json") for voice in voices]


def _print_list(voices: Sequence[KnownVoice]) -> None:
    people: dict[tuple[str, str], list[KnownVoice]] = defaultdict(list)
    for voice in voices:
        people[voice.video_id, name_key(voice.speaker.label)].append(voice)
    rows = [_row(those) for those in people.values()]
    print_rows(make_console(), ("video", "speaker", "number", "speaks", "certain", "proposed", "title"), rows)


def _row(voices: Sequence[KnownVoice]) -> tuple[str, ...]:
    """One line for one person: voices of one video that have the same name."""
    first = voices[0]
    speech_s = sum(voice.speech_s for voice in voices)
    certainty = sum(voice.certainty * voice.speech_s for voice in voices) / speech_s if speech_s else first.certainty
    proposal = first.proposal
    return (
        first.video_id,
        shown(first.speaker.label),
        ", ".join(str(voice.speaker.number) for voice in voices),
        clock(speech_s),
        words_of(certainty),
        "" if proposal is None else f"{shown(proposal.name)}? (as in {shown(proposal.title)})",
        shown(first.title),
    )


def _why_none(video: str | None, name: str | None) -> str:
    if name is not None:
        return f"Nobody is called {name!r}. For all speakers:  moments speakers"
    if video is not None:
        return "No voices are known of that video: nothing is said, it is not indexed, or MOMENTS_SPEAKERS is false."
    return "No voices are known yet. They are told apart while videos are indexed:  moments index PATH"
