"""What a person reads of an evaluation: scores per lane, and how true confidences are."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from app.cli.terminal import make_console, print_rows

if TYPE_CHECKING:
    from retrieval.evaluation.calibration_table import CalibrationTable
    from retrieval.evaluation.reliability import Reliability

_SCORES = ("n", "r1@0.3", "r1@0.5", "r1@0.7", "r5@0.5", "r10@0.5", "miou", "median_rank")
_NOT_LANES = ("absent", "by_length", "judged", "calibration")


def print_report(report: dict[str, Any]) -> None:
    """The figures of `moments eval run`, a line for each lane and each length."""
    heading = (*_SCORES[:-1], "rank", "p50 ms", "p95 ms")
    scores = {lane: row for lane, row in report.items() if lane not in _NOT_LANES}
    rows = []
    for lane, row in {**scores, **report["by_length"]}.items():
        if row:
            cells = [*(row[name] for name in _SCORES), row["latency_p50_ms"], row["latency_p95_ms"]]
            rows.append([lane, *("-" if cell is None else f"{cell:g}" for cell in cells)])
    console = make_console()
    print_rows(console, ("lane", *heading), rows)
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


def print_calibration(table: "CalibrationTable") -> None:
    """What was said and how often it was right, by confidence and by lane; nothing where nothing was answered."""
    if table.first is None:
        return
    console = make_console()
    _print_bins(console, table.first)
    console.print()
    rows = {"first answers": table.first}
    rows |= {f"  asked for: {lane}": row for lane, row in table.by_query.items()}
    rows |= {} if table.moments is None else {"all moments": table.moments}
    rows |= {f"{lane} alone": row for lane, row in table.alone.items()}
    heading = ("confidence of", "n", "said %", "right %", "ece", "by chance", "brier")
    print_rows(console, heading, [[name, *_cells(row)] for name, row in rows.items()])
    console.print(
        "[dim]ece: how far confidences are from how often they are right, on average (0 to 1). "
        "True ones stay below what stands under “by chance” in 19 of 20 cases.[/dim]"
    )


def _print_bins(console: Console, row: "Reliability") -> None:
    cells = [
        [
            f"{100 * one.low:.0f} to {100 * one.high:.0f} %",
            str(one.n),
            f"{100 * one.said:.0f}",
            f"{100 * one.right:.0f}",
            f"{100 * one.right_low:.0f} to {100 * one.right_high:.0f}",
        ]
        for one in row.bins
    ]
    print_rows(console, ("first answers", "n", "said %", "right %", "95 % between"), cells)


def _cells(row: "Reliability") -> list[str]:
    shares = (f"{100 * share:.0f}" for share in (row.said, row.right))
    errors = (f"{error:.3f}" for error in (row.ece, row.ece_by_chance, row.brier))
    return [str(row.n), *shares, *errors]
