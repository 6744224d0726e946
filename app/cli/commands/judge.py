"""`moments judge`: whether a moment that a search returned was right, and what was judged so far."""

from pathlib import Path
from typing import Any

import click

from app.cli.invocation import Invocation, emit_json
from app.cli.print_moments import clock
from app.cli.terminal import make_console, shown
from app.harmless import say
from retrieval.asking.query import parse_lane
from retrieval.domain import Lane, Span
from retrieval.storage.library import Library
from retrieval.storage.records import Judgement


@click.command(
    epilog="""\b
Examples:
  moments judge --query "a cat" --video talk.mp4 --from 12.5 --to 17 --right
  moments judge --query "a cat" --video talk.mp4 --from 40 --to 44 --wrong --lane visual
  moments judge --list """
)
@click.option("--query", "query_text", help="The words that were searched for.")
@click.option("--video", help="Id, path or file name of the moment's video.")
@click.option("--from", "start_s", type=float, help="Start of the moment in seconds.")
@click.option("--to", "end_s", type=float, help="End of the moment in seconds.")
@click.option("--right/--wrong", "is_right", default=None, help="Whether the moment answers the query.")
@click.option("--lane", help=f"Lane that the verdict is about: {', '.join(Lane)}.")
@click.option("--list", "listing", is_flag=True, help="List the verdicts, all or those on --query and --video.")
@click.pass_obj
def judge(
    invocation: Invocation,
    query_text: str | None,
    video: str | None,
    start_s: float | None,
    end_s: float | None,
    is_right: bool | None,
    lane: str | None,
    listing: bool,
) -> None:
    """Say whether a moment that a search returned was right.

    `moments eval run --judged` scores searches against these verdicts. The same moment judged again has
    the later verdict.
    """
    if listing:
        if (start_s, end_s, is_right, lane) != (None, None, None, None):
            raise click.UsageError("--list goes with --query and --video only")
        _print_all(invocation, query_text, video)
        return
    if query_text is None or video is None or start_s is None or end_s is None or is_right is None:
        raise click.UsageError("a verdict needs --query, --video, --from, --to, and --right or --wrong")
    about = None if lane is None else parse_lane(lane)
    with Library(invocation.settings, "moments judge") as library:
        record = library.catalog.resolve(video)
        judgement = library.catalog.judgements.add(query_text, record.id, Span(start_s, end_s), is_right, about)
    if invocation.as_json:
        emit_json(_json_of(judgement))
    else:
        _print(judgement, record.path)


def _print_all(invocation: Invocation, query_text: str | None, video: str | None) -> None:
    with Library(invocation.settings, "moments judge") as library:
        video_id = None if video is None else library.catalog.resolve(video).id
        judgements = library.catalog.judgements.all(query_text, video_id)
        records = library.catalog.get_many({judgement.video_id for judgement in judgements})
    if invocation.as_json:
        emit_json({"judgements": [_json_of(judgement) for judgement in judgements]})
        return
    for judgement in judgements:
        _print(judgement, records[judgement.video_id].path)
    if not judgements:
        say("Nothing was judged yet." if query_text is None and video is None else "No verdict is on that.")


def _json_of(judgement: Judgement) -> dict[str, Any]:
    from app.contract.judgements import JudgementAnswer

    return JudgementAnswer.of(judgement).model_dump(mode="json")


def _print(judgement: Judgement, path: str) -> None:
    verdict = "[green]right[/green]" if judgement.is_right else "[red]wrong[/red]"
    span = f"{clock(judgement.span.start_s)}–{clock(judgement.span.end_s)}"
    lane = f"  {judgement.lane}" if judgement.lane else ""
    line = f"{verdict}  {span}  {shown(Path(path).name)}  {shown(judgement.query)}{lane}"
    make_console().print(line)
