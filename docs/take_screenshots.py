"""Take the pictures of the web page that README and docs show, from a real index of made-up videos.

    python docs/take_screenshots.py [--chromium /usr/bin/chromium] [--out docs/images]

Makes a few videos as `moments demo` does, indexes them with profile lite, serves them, and photographs search,
results, player and library in Chromium.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from app.cli.sample_video import SampleShot, make_sample

VIDEOS: dict[str, tuple[SampleShot, ...]] = {
    "Release meeting.mp4": (
        SampleShot(4, slide=("Release meeting", "Thursday, ten o'clock"), line="Good morning, thank you for coming."),
        SampleShot(
            6,
            slide=("Q3 projections", "- Revenue up 14 percent", "- Churn down to 2.1 percent"),
            line="Now for the forecast of the third quarter.",
        ),
        SampleShot(6, picture="coffee.png", line="Nothing starts the morning like something hot and black."),
        SampleShot(
            6,
            slide=("Release checklist", "- Freeze main on Thursday", "- Tag version 4.2.0"),
            line="Please remember to freeze the branch before the release.",
        ),
        SampleShot(5, picture="page.png", line="The rest is in the minutes."),
    ),
    "Space hour.mp4": (
        SampleShot(6, picture="astronaut.png", line="She was the first woman to command a shuttle mission."),
        SampleShot(7, picture="rocket.jpg", line="It had rained all morning before the launch.", sound="rain"),
        SampleShot(6, picture="moon.png", line="And this is where they wanted to go."),
        SampleShot(6, picture="hubble_deep_field.jpg", line="Every spot of light in here is a galaxy."),
    ),
    "At home.mp4": (
        SampleShot(6, picture="chelsea.png", line="This is Chelsea, who belongs to nobody but herself."),
        SampleShot(5, picture="coffee.png", sound="clock"),
        SampleShot(6, picture="motorcycle_left.png", line="One day this will run again."),
        SampleShot(5, picture="grass.png", sound="rain"),
    ),
    "Collections.mp4": (
        SampleShot(5, picture="coins.png", line="These were dug up in Pompeii."),
        SampleShot(5, picture="camera.png", line="A photographer at work."),
        SampleShot(5, picture="brick.png", line="Walls need patience."),
    ),
}
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SETTLE_MS, QUALITY = 2_500, 90


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server on these videos."""
    moments = [sys.executable, "-m", "app.cli.main", "--data-dir", str(folder / "library"), "--profile", "lite"]
    files = [str(make_sample(folder / name, shots)) for name, shots in VIDEOS.items()]
    subprocess.run([*moments, "index", *files], check=True)
    server = subprocess.Popen([*moments, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        yield next(word for line in server.stderr for word in line.split() if word.startswith("http://"))
    finally:
        server.terminate()
        server.wait(30)


def open_page(browser: Browser, url: str, size: dict[str, int], scheme: str = "light") -> Page:
    """A page that has settled."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        device_scale_factor=1 if size is WIDE else 2,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_timeout(SETTLE_MS)
    return page


def photograph(browser: Browser, url: str, out: Path) -> None:
    """Write the pictures."""
    open_page(browser, f"{url}/search?q=a+rocket", WIDE)  # the first search waits for the models
    open_page(browser, url, WIDE).screenshot(path=out / "search.jpg", quality=QUALITY)
    results = open_page(browser, f"{url}/search?q=a+cup+of+coffee+on+a+table", WIDE)
    results.locator("article").first.wait_for()
    results.screenshot(path=out / "results.jpg", quality=QUALITY)
    play = results.locator("article a").first.get_attribute("href")
    narrow = open_page(browser, f"{url}/search?q=the+sound+of+rain", NARROW, "dark")
    narrow.locator("article").first.wait_for()
    narrow.screenshot(path=out / "results-phone-dark.jpg", quality=QUALITY)
    player = open_page(browser, f"{url}{play}", WIDE)
    player.wait_for_timeout(SETTLE_MS)
    player.screenshot(path=out / "player.jpg", quality=QUALITY)
    open_page(browser, f"{url}/library", WIDE).screenshot(path=out / "library.jpg", quality=QUALITY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        photograph(browser, url, options.out)
        browser.close()


if __name__ == "__main__":
    main()
