"""How much of the page is pictures, what it asks for when it opens, and what moves or fails meanwhile: in Chromium.

    python bench/page.py URL [--queries queries.jsonl] [--every 1] [--chromium /usr/bin/chromium]

URL is a running server with videos in its library, as `moments serve` starts one. Each line of the queries is JSON
with `query`, words or a list of steps, and with `lane`: those of the lane `absent`, which nothing answers, count apart.
Prints a Markdown table.
"""

import argparse
import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

SIZES = {"1440×900": (1440, 900), "390×844": (390, 844)}
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
"""As Lighthouse has it: milliseconds, bytes a second."""
PATIENCE_MS, SETTLE_MS = 60_000, 1_500

WATCH = """
window.shift = 0;
window.usable = null;
new MutationObserver((_, watcher) => {
  if (!document.querySelector(".lane-toggle")) return;
  window.usable = performance.now();
  watcher.disconnect();
}).observe(document, { childList: true, subtree: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SEEN = """() => {
  const share = (box) => {
    const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
    const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    return Math.max(0, width) * Math.max(0, height);
  };
  const cards = [...document.querySelectorAll(".moment:not(.is-skeleton)")].filter((card) => card.checkVisibility());
  const boxes = cards.map((card) => card.getBoundingClientRect());
  const pictures = [...document.querySelectorAll("main img")].filter((img) => img.checkVisibility());
  const words = cards.map((card) => card.querySelector(".confidence-words")?.textContent.toLowerCase());
  return {
    cards: cards.length,
    above: boxes.reduce((sum, box) => sum + share(box) / (box.width * box.height), 0),
    pictures: pictures.reduce((sum, img) => sum + share(img.getBoundingClientRect()), 0) / (innerWidth * innerHeight),
    unlikely: words.filter((word) => word === "unlikely").length,
  };
}"""


@contextmanager
def opened(browser: Browser, size: tuple[int, int]) -> Iterator[Page]:
    """A page of that size without memory, which tells how much moved (`window.shift`) and since when it is `usable`."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.add_init_script(WATCH)
    yield page
    context.close()


def addresses(url: str, queries: Path | None, every: int, *, absent: bool) -> list[str]:
    """Pages with results of every so many of the queries."""
    if queries is None:
        return (
            [] if absent else [f"{url}/search?{urlencode({'q': words})}" for words in ("a person", "music", "a word")]
        )
    rows = [json.loads(line) for line in queries.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if (row["lane"] == "absent") == absent]
    found = []
    for row in rows[::every]:
        first, *then = [row["query"]] if isinstance(row["query"], str) else row["query"]
        found.append(f"{url}/search?{urlencode([('q', first), *(('then', step) for step in then)])}")
    return found


def measure_results(browser: Browser, pages: Sequence[str], size: tuple[int, int]) -> dict[str, float]:
    """What is seen of answers: as they come, and with the weak matches unfolded where they are folded."""
    shown: list[dict[str, float]] = []
    unfolded: list[dict[str, float]] = []
    with opened(browser, size) as page:
        for address in pages:
            page.goto(address)
            page.wait_for_selector("#results-title")
            shown.append(page.evaluate(SEEN))
            fold = page.locator(".weaker")
            if fold.count():
                fold.evaluate("(button) => button.click()")
            unfolded.append(page.evaluate(SEEN))

    def mean(name: str, of: list[dict[str, float]]) -> float:
        return statistics.fmean(one[name] for one in of)

    return {
        "above": mean("above", shown),
        "above, all": mean("above", unfolded),
        "pictures": mean("pictures", shown),
        "pictures, all": mean("pictures", unfolded),
        "unlikely": sum(one["unlikely"] for one in shown) / max(1, sum(one["cards"] for one in shown)),
    }


def measure_first_load(browser: Browser, url: str) -> dict[str, float]:
    """Requests, kilobytes and seconds until home can be used, and until it is complete, on a slow line."""
    with opened(browser, SIZES["390×844"]) as page:
        line = page.context.new_cdp_session(page)
        sizes: list[float] = []
        asked: list[str] = []
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", SLOW_4G)
        line.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
        line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.goto(url, wait_until="commit")
        page.wait_for_selector(".library-size")
        page.wait_for_load_state("networkidle")
        return {
            "requests": len(asked),
            "kilobytes": sum(sizes) / 1000,
            "usable": page.evaluate("window.usable") / 1000,
            "pictures shown": page.evaluate("Math.max(...performance.getEntries().map((one) => one.responseEnd || 0))")
            / 1000,
        }


def measure_shifts(browser: Browser, address: str, size: tuple[int, int]) -> float:
    """Cumulative layout shift of a page that opens."""
    with opened(browser, size) as page:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(SETTLE_MS)
        return float(page.evaluate("window.shift"))


def errors_on(browser: Browser, address: str) -> list[str]:
    """What the console of a page reports as wrong."""
    with opened(browser, SIZES["1440×900"]) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(SETTLE_MS)
        return said


def report(browser: Browser, url: str, queries: Path | None, every: int) -> Iterator[tuple[str, str]]:
    """Rows of the table."""
    some = addresses(url, queries, every, absent=False)
    for name, size in SIZES.items():
        seen = measure_results(browser, some, size)
        yield f"results above the fold, {name}", f"{seen['above']:.1f} (all shown: {seen['above, all']:.1f})"
        yield f"pictures of the screen, {name}", f"{seen['pictures']:.0%} (all shown: {seen['pictures, all']:.0%})"
        yield f"cards marked unlikely, {name}", f"{seen['unlikely']:.0%}"
    absent = addresses(url, queries, every, absent=True)
    if absent:
        seen = measure_results(browser, absent, SIZES["1440×900"])
        yield "cards above the fold where nothing is sure", f"{seen['above']:.1f}"
    loads = [measure_first_load(browser, url) for _ in range(3)]

    def middle(name: str, write: Callable[[float], str]) -> str:
        return write(statistics.median(load[name] for load in loads))

    yield "requests on first load", middle("requests", lambda count: f"{count:.0f}")
    yield "kilobytes on first load", middle("kilobytes", lambda size: f"{size:.0f}")
    yield "usable at slow 4G", middle("usable", lambda seconds: f"{seconds:.1f} s")
    yield "last picture at slow 4G", middle("pictures shown", lambda seconds: f"{seconds:.1f} s")
    for page in ("/", "/library"):
        for name, size in SIZES.items():
            yield f"layout shift of {page}, {name}", f"{measure_shifts(browser, f'{url}{page}', size):.3f}"
    said = errors_on(browser, url)
    yield "console errors on home", str(len(said)) + "".join(f"; {text}" for text in dict.fromkeys(said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        print("| measured | |\n|---|---|")
        for name, value in report(browser, options.url.rstrip("/"), options.queries, options.every):
            print(f"| {name} | {value} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
