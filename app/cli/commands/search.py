"""`moments search`: words in, moments out."""

from dataclasses import replace
from pathlib import Path

import click

from app.cli.clip_reference import parse_stretch
from app.cli.filter_options import filter_options
from app.cli.invocation import Invocation, emit_json
from app.cli.print_moments import play_hint, print_answer
from app.cli.server_client import server_of
from app.cli.terminal import make_console, shown
from app.open_engine import open_engine
from app.settings import Settings
from retrieval.asking.query import Clip, GroupBy, Query, Term, parse_lane, parse_term
from retrieval.domain import Answer, Lane, Span
from retrieval.errors import InputError, QueryError
from retrieval.isolation.isolated import warm_up
from retrieval.path_text import meant
from retrieval.query_file import QueryFile, QueryFileKind, search_with
from retrieval.video_filter import VideoFilter


@click.command(
    epilog="""\b
Examples:
  moments search "someone writing on a whiteboard"
  moments search "where she mentions the Q3 projections" --lane speech
  moments search "a dog barks" --then "a door slams" --within 30
  moments search "screen: hiring plan" --path "*/meetings/*" --path "*/standups/*"
  moments search "a toast" --any-tag wedding --any-tag party --recorded-from 2026-05-01 --recorded-to 2026-05-31
  moments search --image sofa.jpg
  moments search "at night" --image street.jpg --text-share 0.3
  moments search --sound bark.wav
  moments search --spoken question.m4a
  moments search --like talk.mp4@12.5-17 """
)
@click.argument("words", nargs=-1)
@click.option("--image", type=click.Path(path_type=Path), help="Find what looks like this image file.")
@click.option("--sound", type=click.Path(path_type=Path), help="Find what sounds like this audio file.")
@click.option("--spoken", type=click.Path(path_type=Path), help="Search for the words said in this audio file.")
@click.option("--like", metavar="VIDEO@START-END", help="Find more like this clip of an indexed video.")
@click.option(
    "--text-share",
    type=float,
    help="How much WORDS weigh against --image, --sound or --like, 0 to 1. Default: 0.5.",
)
@click.option("--limit", default=10, show_default=True, help="How many moments, 1 to 100.")
@click.option("--lane", "lanes", multiple=True, help=f"Search only this lane; repeatable: {', '.join(Lane)}.")
@filter_options
@click.option("--from", "start_s", type=float, help="Search only what comes after this second.")
@click.option("--to", "end_s", type=float, help="Search only what comes before this second.")
@click.option("--then", multiple=True, help="What has to follow in the same video; repeatable, up to 8 steps in all.")
@click.option(
    "--within",
    "within_s",
    default=30.0,
    show_default=True,
    help="Seconds from the end of one step to the start of the next.",
)
@click.option("--not", "exclude", multiple=True, help="What must not be there; repeatable, up to 20.")
@click.option(
    "--group-by",
    type=click.Choice([group.value for group in GroupBy]),
    default=GroupBy.SHOT.value,
    show_default=True,
    help="Of what to show only the best moment.",
)
@click.option("--cursor", help="Show the next page: the cursor that the page before ended with.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Leave out moments with less confidence than this, 0 to 1.",
)
@click.option("--explain", is_flag=True, help="Say why each moment has its rank.")
@click.option("--exact-words", is_flag=True, help="Search for words as they are, however they are spelt.")
@click.option("--weight", "weights", multiple=True, help='How much a lane counts, 0 to 10, as "speech=2"; repeatable.')
@click.pass_obj
def search(
    invocation: Invocation,
    words: tuple[str, ...],
    where: VideoFilter,
    image: Path | None,
    sound: Path | None,
    spoken: Path | None,
    like: str | None,
    text_share: float | None,
    limit: int,
    lanes: tuple[str, ...],
    start_s: float | None,
    end_s: float | None,
    then: tuple[str, ...],
    within_s: float,
    exclude: tuple[str, ...],
    group_by: str,
    cursor: str | None,
    min_confidence: float,
    explain: bool,
    exact_words: bool,
    weights: tuple[str, ...],
) -> None:
    """Find moments that match a description.

    WORDS describe what is seen, heard, said or shown on screen. "speech: budget" looks in one lane only;
    words in quotation marks inside the query are matched word for word. Instead of WORDS or together with
    them, one of --image, --sound and --like shows what to look for. VIDEO is an id, the start of one, a path or a
    file name.
    """
    file = _file(image, sound, spoken, like)
    first = _first_term(" ".join(words) if words else None, file, like, text_share)
    is_part = start_s is not None or end_s is not None
    during = Span(start_s or 0.0, float("inf") if end_s is None else end_s) if is_part else None
    query = Query(
        steps=(first, *(parse_term(text) for text in then)),
        exclude=tuple(parse_term(text) for text in exclude),
        within_s=within_s,
        lanes=frozenset(parse_lane(lane) for lane in lanes) or frozenset(Lane),
        weights=_weights(weights),
        where=replace(where, during=during),
        limit=limit,
        group_by=GroupBy(group_by),
        cursor=cursor,
        min_confidence=min_confidence,
        explain=explain,
        correct=not exact_words,
    )
    answer = _answer(invocation.settings, query, file)
    if invocation.as_json:
        # Here, so that a person who searches does not wait for the models to be built.
        from app.contract.answers import PlainAnswer

        emit_json(PlainAnswer.of(answer).model_dump(mode="json"))
        return
    console = make_console()
    print_answer(console, answer)
    if answer.moments and not answer.abstained and Path(meant(answer.moments[0].path)).exists():
        console.print(f"[dim]play it:  {shown(play_hint(answer.moments[0]))}[/dim]")


def _answer(settings: Settings, query: Query, file: QueryFile | None) -> Answer:
    """What the server of this data folder answers, or this process where there is none."""
    server = server_of(settings)
    if server is not None:
        return server.search(query) if file is None else server.search_with(query, file)
    if file is not None:
        warm_up()  # beside the models, which take longer
    with open_engine(settings) as engine:
        return engine.search(query) if file is None else search_with(engine, query, file)


def _file(image: Path | None, sound: Path | None, spoken: Path | None, like: str | None) -> QueryFile | None:
    """The file of the query, if there is one."""
    given = [
        (kind, file)
        for kind, file in ((QueryFileKind.IMAGE, image), (QueryFileKind.SOUND, sound), (QueryFileKind.SPOKEN, spoken))
        if file is not None
    ]
    if len(given) + (like is not None) > 1:
        names = [f"--{kind}" for kind, _ in given] + ["--like"] * (like is not None)
        raise InputError(f"{' and '.join(names)} cannot be combined; give one of them")
    return QueryFile(*given[0]) if given else None


def _first_term(words: str | None, file: QueryFile | None, like: str | None, text_share: float | None) -> Term:
    """What the words, the file and the clip ask for together."""
    shown = like is not None or (file is not None and file.kind is not QueryFileKind.SPOKEN)
    if words is None and file is None and like is None:
        raise QueryError("the query is empty; give WORDS or one of --image, --sound, --spoken, --like")
    if words is not None and file is not None and file.kind is QueryFileKind.SPOKEN:
        raise InputError(f"--spoken brings its own words; leave out {words!r}")
    if text_share is not None and (words is None or not shown):
        raise InputError("--text-share weighs WORDS against --image, --sound or --like; give both of them")
    term = Term("") if words is None else parse_term(words)
    return replace(
        term,
        like=None if like is None else parse_clip(like),
        text_share=term.text_share if text_share is None else text_share,
    )


def parse_clip(reference: str) -> Clip:
    """The clip that VIDEO@START-END means. Times are seconds, or as printed: 2:31.5 or 1:02:31."""
    return Clip(*parse_stretch(reference, "clip"))


def _weights(given: tuple[str, ...]) -> dict[Lane, float] | None:
    weights: dict[Lane, float] = {}
    for item in given:
        lane, separator, number = item.partition("=")
        try:
            weights[parse_lane(lane)] = float(number)
        except ValueError:
            separator = ""
        if not separator:
            raise InputError(f"weight {item!r} is not of the form LANE=NUMBER, as speech=2")
    return weights or None
