"""`moments eval`: how well searches find what they should."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.invocation import Invocation, emit_json
from app.cli.terminal import make_console, print_rows
from retrieval.domain import Span
from retrieval.errors import InputError

if TYPE_CHECKING:
    from retrieval.evaluation.metrics import CaseResult, QueryCase
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
@click.pass_obj
def run(invocation: Invocation, queries: Path | None, judged: bool, limit: int) -> None:
    """Score this library against queries whose answers are known: from a file, from judgements, or both.

    Videos of a file of queries are matched by file name; a query there without relevant spans should be
    answered with nothing. A query all of whose judgements are "wrong" counts only towards how often the
    first answer is one that was judged wrong.
    """
    from app.open_engine import open_engine
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
    report: dict[str, Any] = {**summarise(results).as_dict(), **extra}
    report["baseline"] = summarise(baseline).as_dict()["all"]
    if invocation.as_json:
        emit_json(report)
    else:
        _print_report(report)


def _by_file_name(video_id: str, path: str) -> str:  # noqa: ARG001
    return Path(path).name


def _by_id(video_id: str, path: str) -> str:  # noqa: ARG001
    return video_id


def run_cases(
    engine: "SearchEngine", cases: Iterable["QueryCase"], limit: int, name_of: NameOf = _by_file_name
) -> list["CaseResult"]:
    """What the engine answers to each case, and how long it took."""
    from retrieval.asking.query import Query, parse_term
    from retrieval.evaluation.metrics import CaseResult, LibrarySpan

    results = []
    for case in cases:
        steps = (case.query,) if isinstance(case.query, str) else case.query
        query = Query(tuple(parse_term(step) for step in steps), limit=limit)
        started = time.perf_counter()
        answer = engine.search(query)
        latency_s = time.perf_counter() - started
        ranked = tuple(LibrarySpan(name_of(moment.video_id, moment.path), moment.span) for moment in answer.moments)
        confidence = answer.moments[0].confidence if answer.moments else 0.0
        results.append(CaseResult(case, ranked, confidence, answer.abstained, latency_s))
    return results


def _shots(engine: "SearchEngine", name_of: NameOf) -> dict[str, list[Span]]:
    """Shots of every video of the library, by its name in queries."""
    catalog = engine.library.catalog
    shots: dict[str, list[Span]] = {}
    for record in catalog.get_many(catalog.ids()).values():
        spans = [shot.span for shot in catalog.contents.of(record.id).shots]
        shots[name_of(record.id, record.path)] = spans or [Span(0.0, record.duration_s or 0.0)]
    return shots


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


def _print_report(report: dict[str, Any]) -> None:
    heading = ("lane", "n", "r1@0.3", "r1@0.5", "r1@0.7", "r5@0.5", "r10@0.5", "miou", "rank", "p50 ms", "p95 ms")
    scores = {lane: row for lane, row in report.items() if lane not in ("absent", "by_length", "judged")}
    rows = []
    for lane, row in {**scores, **report["by_length"]}.items():
        if row:
            names = ("n", "r1@0.3", "r1@0.5", "r1@0.7", "r5@0.5", "r10@0.5", "miou", "median_rank")
            cells = [*(row[name] for name in names), row["latency_p50_ms"], row["latency_p95_ms"]]
            rows.append([lane, *("-" if cell is None else f"{cell:g}" for cell in cells)])
    console = make_console()
    print_rows(console, heading, rows)
    if judged := report.get("judged"):
        console.print(
            f"judged: n {judged['n']}, right {judged['right']}, wrong {judged['wrong']}, "
            f"first answer judged wrong {judged['top_wrong']}"
        )
    absent = report["absent"]
    console.print(
        f"absent: n {absent['n']}, abstain recall {absent['abstain_recall']}, "
        f"false abstain {absent['false_abstain']}, auroc {absent['auroc']}"
    )
