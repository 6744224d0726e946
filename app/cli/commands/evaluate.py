"""`moments eval`: how well searches find what they should."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.invocation import Invocation, emit_json
from app.cli.print_scores import print_calibration, print_report
from app.cli.terminal import make_console, print_rows
from app.harmless import json_line
from retrieval.domain import Lane, Moment, Span
from retrieval.errors import InputError, VectorsDamagedError

if TYPE_CHECKING:
    from retrieval.asking.query import Query
    from retrieval.evaluation.metrics import CaseResult, LaneBest, LibrarySpan, QueryCase
    from retrieval.search import SearchEngine

_DEPTH = 10

NameOf = Callable[[str, str], str]
"""What a video is called in queries, from its id and path."""


@click.group(epilog="Example:  moments eval run --queries queries.jsonl", context_settings={"max_content_width": 100})
def evaluate() -> None:
    """Measure how well searches find what they should."""


@evaluate.command("run", epilog="Example:  moments eval run --queries queries.jsonl --judged")
@click.option(
    "--queries",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help='JSON lines: {"qid", "lane", "query", "relevant": [{"video", "start_s", "end_s"}]}.',
)
@click.option("--judged", is_flag=True, help="Score against what `moments judge` stored.")
@click.option("--limit", default=_DEPTH, show_default=True, help="Moments asked for per query, 1 to 100.")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write what was answered to each query there, for `moments eval calibration`.",
)
@click.pass_obj
def run(invocation: Invocation, queries: Path | None, judged: bool, limit: int, answers: Path | None) -> None:
    """Score this library against queries whose answers are known: from a file, from judgements, or both.

    Videos of a file of queries are matched by file name; a query there without relevant spans should be
    answered with nothing. A query all of whose judgements are "wrong" counts only towards how often the
    first answer is one that was judged wrong.

    How true the confidences are is told last; each lane is searched by itself for that, too.
    """
    from app.open_engine import open_engine
    from retrieval.evaluation.calibration_table import ClaimedAnswer, calibration_table
    from retrieval.evaluation.judged import judged_cases, judged_scores
    from retrieval.evaluation.metrics import query_free_results, read_cases, summarise

    if queries is None and not judged:
        raise click.UsageError("give --queries FILE, --judged, or both")
    lines = [] if queries is None else queries.read_text(encoding="utf-8").splitlines()
    cases = read_cases(lines, str(queries)) if queries else ()
    extra: dict[str, Any] = {}
    with open_engine(invocation.settings, "moments eval") as engine:
        results = run_cases(engine, cases, limit)
        baseline = query_free_results(cases, _shots(engine, _by_file_name), limit)
        if judged:
            verdicts = judged_cases(engine.library.catalog.judgements.all())
            if not verdicts:
                raise InputError("nothing was judged yet; say what is right with: moments judge")
            answered = run_cases(engine, [verdict.case for verdict in verdicts], limit, _by_id)
            extra["judged"] = judged_scores(verdicts, answered).as_dict()
            known = [result for result in answered if result.case.relevant]
            results += known
            baseline += query_free_results([result.case for result in known], _shots(engine, _by_id), limit)
    told = [ClaimedAnswer.of(result) for result in results]
    if answers is not None:
        answers.write_text("".join(f"{json_line(answer.as_dict())}\n" for answer in told), encoding="utf-8")
    report: dict[str, Any] = {**summarise(results).as_dict(), **extra}
    report["baseline"] = summarise(baseline).as_dict()["all"]
    table = calibration_table(told)
    report["calibration"] = table.as_dict()
    if invocation.as_json:
        emit_json(report)
    else:
        print_report(report)
        make_console().print()
        print_calibration(table)


def _by_file_name(video_id: str, path: str) -> str:  # noqa: ARG001
    return Path(path).name


def _by_id(video_id: str, path: str) -> str:  # noqa: ARG001
    return video_id


def run_cases(
    engine: "SearchEngine", cases: Iterable["QueryCase"], limit: int, name_of: NameOf = _by_file_name
) -> list["CaseResult"]:
    """What the engine answers to each case, how long it took, and what each lane says by itself."""
    from retrieval.asking.query import Query, parse_term
    from retrieval.evaluation.metrics import CaseResult

    results = []
    for case in cases:
        steps = (case.query,) if isinstance(case.query, str) else case.query
        query = Query(tuple(parse_term(step) for step in steps), limit=limit)
        started = time.perf_counter()
        answer = engine.search(query)
        latency_s = time.perf_counter() - started
        ranked = tuple(_named(moment, name_of) for moment in answer.moments)
        confidences = tuple(moment.confidence for moment in answer.moments)
        alone = _lanes_alone(engine, query, name_of)
        results.append(CaseResult(case, ranked, confidences, answer.abstained, latency_s, alone))
    return results


def _lanes_alone(engine: "SearchEngine", query: "Query", name_of: NameOf) -> dict[Lane, "LaneBest"]:
    """What each lane puts first that has something to say, by itself and weighing nothing; of one step alone."""
    from retrieval.evaluation.metrics import LaneBest

    alone: dict[Lane, LaneBest] = {}
    if len(query.steps) > 1:  # whether a lane is right about one of several steps is not known
        return alone
    asked = query.steps[0].lane
    for lane in Lane if asked is None else (asked,):
        only = replace(query, lanes=frozenset({lane}), weights={lane: 1.0}, limit=1)
        with suppress(VectorsDamagedError):  # as a search leaves such a lane out
            for best in engine.search(only).moments:
                alone[lane] = LaneBest(_named(best, name_of), best.confidence)
    return alone


def _named(moment: Moment, name_of: NameOf) -> "LibrarySpan":
    from retrieval.evaluation.metrics import LibrarySpan

    return LibrarySpan(name_of(moment.video_id, moment.path), moment.span)


def _shots(engine: "SearchEngine", name_of: NameOf) -> dict[str, list[Span]]:
    """Shots of every video of the library, by its name in queries."""
    catalog = engine.library.catalog
    shots: dict[str, list[Span]] = {}
    for record in catalog.get_many(catalog.ids()).values():
        spans = [shot.span for shot in catalog.contents.of(record.id).shots]
        shots[name_of(record.id, record.path)] = spans or [Span(0.0, record.duration_s or 0.0)]
    return shots


@evaluate.command("calibration", epilog="Example:  moments eval calibration films.jsonl talks.jsonl")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--iou", default=0.5, show_default=True, help="Overlap with the truth that makes an answer right.")
@click.pass_obj
def calibration(invocation: Invocation, files: tuple[Path, ...], iou: float) -> None:
    """Say how true confidences are, over the answers of several runs together.

    FILES are those that `moments eval run --answers FILE` wrote, one for each library.
    """
    from retrieval.evaluation.calibration_table import calibration_table, read_answers

    answers = [one for file in files for one in read_answers(file.read_text("utf-8").splitlines(), str(file))]
    table = calibration_table(answers, iou)
    if invocation.as_json:
        emit_json(table.as_dict())
    else:
        print_calibration(table)


@evaluate.command(
    "score", epilog="Example:  moments eval score --predictions predictions.jsonl --ground-truth ground_truth.jsonl"
)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="JSON lines, as the benchmark has predictions.",
)
@click.option(
    "--ground-truth",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="JSON lines, as the benchmark has annotations.",
)
@click.pass_obj
def score(invocation: Invocation, predictions: Path, ground_truth: Path) -> None:
    """Compute the QVHighlights metrics from files in that benchmark's format."""
    from retrieval.evaluation.qvhighlights import read_ground_truth, read_predictions
    from retrieval.evaluation.qvhighlights import score as score_qvhighlights

    with predictions.open(encoding="utf-8") as lines:
        predicted = read_predictions(lines, str(predictions))
    with ground_truth.open(encoding="utf-8") as lines:
        truth = read_ground_truth(lines, str(ground_truth))
    report = score_qvhighlights(predicted, truth)
    if invocation.as_json:
        emit_json(report.as_dict())
        return
    rows = [(name, "-" if value is None else f"{value:.2f}") for name, value in report.brief().items()]
    print_rows(make_console(), ("metric", "value"), rows)
