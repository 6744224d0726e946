"""Searching in a real browser with a picture, a clip, a sound or one's voice."""

import json
import wave
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from retrieval.encoders.base import Transcriber
from retrieval.encoders.voice_activity import VoiceActivity
from tests.browser import FIRST, SAYS, Site, launched, page_on, query_of, site_of, titles, until
from tests.fakes import TWO_VIDEOS, FakeEncoders
from tests.media import colour, lavfi, tone, video, write
from tests.spoken import said, silence, wav

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "red.png"
    Image.new("RGB", (64, 64), "red").save(path)
    return path


def remember_forms(page: "Page") -> None:
    """Have the page keep the last form that it sends, which playwright does not show."""
    page.add_init_script(
        """const send = fetch;
        window.fetch = (path, options) => {
            if (options?.body instanceof FormData) window.lastForm = options.body;
            return send(path, options);
        };"""
    )


def sent_options(page: "Page") -> dict[str, Any]:
    return dict(json.loads(page.evaluate("lastForm.get('options')")))


def sent_file(page: "Page") -> bytes:
    return bytes(page.evaluate("lastForm.get('file').arrayBuffer().then((file) => [...new Uint8Array(file)])"))


def test_a_picture_is_searched_for_alone_and_with_words(page: "Page", red: Path) -> None:
    remember_forms(page)
    page.goto("/")
    with page.expect_request("**/v1/search/image"):
        page.set_input_files("input[type=file]", red)
    page.wait_for_selector(FIRST)
    assert page.locator(f"{FIRST} .moment-when").first.inner_text().split("–")[0] in ("0:00", "1:36", "1:40")
    assert page.get_by_role("img", name="What is searched with: red.png").is_visible()
    page.get_by_role("searchbox").fill("blue")
    page.keyboard.press("Enter")
    with page.expect_request("**/v1/search/image"):
        page.get_by_role("slider", name="How much the words count").fill("0.9")
    assert sent_options(page)["query"] == {"text": "blue", "text_share": 0.9}
    until(page, "document.querySelector('#results-title')")
    page.get_by_role("button", name="Remove red.png").click()
    page.wait_for_url("**/search?q=blue")


def test_a_picture_is_dropped_anywhere(page: "Page", red: Path) -> None:
    page.goto("/")
    page.get_by_role("searchbox").wait_for()
    bytes_of = "[" + ",".join(str(byte) for byte in red.read_bytes()) + "]"
    with page.expect_request("**/v1/search/image"):
        page.evaluate(
            f"""() => {{
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array({bytes_of})], "red.png", {{ type: "image/png" }}));
                document.body.dispatchEvent(new DragEvent("drop", {{ dataTransfer: data, bubbles: true }}));
            }}"""
        )
    page.wait_for_selector(FIRST)


def test_of_a_clip_a_frame_or_the_sound_is_searched_for(page: "Page", tmp_path: Path) -> None:
    """Red pictures with a tone of 4000 Hz, which the fake sound encoder calls high: both are in a.mp4 at 0:00."""
    clip = video(tmp_path / "clip.mp4", colour("red", 1.0), tone(1.0, 4000))
    page.goto("/")
    with page.expect_request("**/v1/search/image"):
        page.set_input_files("input[type=file]", clip)
    page.wait_for_selector(FIRST)
    with page.expect_request("**/v1/search/sound"):
        page.get_by_role("button", name="Its sound").click()
    until(page, "document.querySelector('.evidence-text')?.innerText.includes('the best sound')")
    assert titles(page)[0] in ("a.mp4", "b.mp4")


def test_what_is_no_picture_sound_or_clip_is_refused_at_once(page: "Page", tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("red", encoding="utf-8")
    page.goto("/")
    page.set_input_files("input[type=file]", notes)
    assert "notes.txt is no picture" in page.get_by_role("alert").inner_text()


def test_a_spoken_question_is_sent_as_a_wav_and_its_words_can_be_edited(page: "Page") -> None:
    """The microphone hears a tone; the fake transcriber makes words of it."""
    remember_forms(page)
    held: list[Route] = []
    page.goto("/")
    button = page.get_by_role("button", name="Speak your search")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".mic.is-recording")
    until(page, "document.querySelector('.meter .num').textContent === '0:01'")
    page.route("**/v1/search", lambda route: held.append(route))
    with page.expect_request("**/v1/search/spoken/words"):
        page.keyboard.press("Enter")
    page.get_by_text("Heard in English, 75").wait_for()
    assert page.get_by_role("searchbox").input_value() == SAYS
    for route in held:
        route.continue_()
    page.wait_for_selector(FIRST)
    assert query_of(page) == f"?q={SAYS}"
    assert titles(page)[0] == "a.mp4"
    with wave.open(BytesIO(sent_file(page))) as heard:
        assert (heard.getnchannels(), heard.getframerate(), heard.getsampwidth()) == (1, 16_000, 2)
        assert 1.0 <= heard.getnframes() / 16_000 < 5
    page.get_by_role("searchbox").fill("red")
    with page.expect_request("**/v1/search"):
        page.keyboard.press("Enter")


def test_the_microphone_is_held_while_speaking(page: "Page") -> None:
    page.goto("/")
    box = page.locator(".mic").bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    until(page, "document.querySelector('.meter .num').textContent === '0:01'")
    with page.expect_request("**/v1/search/spoken/words"):
        page.mouse.up()
    page.wait_for_selector(FIRST)
    assert page.locator(".mic.is-recording").count() == 0


def test_a_question_is_understood_and_found(chromium: "Browser", ears: Transcriber, tmp_path: Path) -> None:
    """The microphone hears a voice, and nothing is made up of what it says."""
    asked = tmp_path / "asked.wav"
    asked.write_bytes(wav(np.concatenate([silence(0.3), said("The budget is tight."), silence(2)])))
    hearing = FakeEncoders(heard=ears, voices=VoiceActivity())
    with ExitStack() as stack:
        site = stack.enter_context(site_of(tmp_path, dict(TWO_VIDEOS), hearing))
        browser = stack.enter_context(launched(chromium.browser_type, asked))
        page = stack.enter_context(page_on(browser, site.url))
        page.goto("/")
        page.get_by_role("button", name="Speak your search").press("Enter")
        until(page, "document.querySelector('.meter .num').textContent === '0:03'")
        page.keyboard.press("Enter")
        page.get_by_text("Heard in English").wait_for()
        assert "budget is tight" in page.get_by_role("searchbox").input_value().lower()
        page.wait_for_selector(FIRST)
        assert titles(page)[0] == "a.mp4"


def test_silence_is_not_sent(chromium: "Browser", site: Site, tmp_path: Path) -> None:
    silence = write(tmp_path / "silence.wav", lavfi("anullsrc=sample_rate=48000:channel_layout=mono:duration=2"))
    with launched(chromium.browser_type, silence) as browser, page_on(browser, site.url) as page:
        page.goto("/")
        page.get_by_role("button", name="Speak your search").press("Enter")
        until(page, "document.querySelector('.meter .num').textContent === '0:01'")
        page.keyboard.press("Enter")
        page.wait_for_selector(".query-problem:not([hidden])")
        assert "Nothing was heard" in page.get_by_role("alert").inner_text()


def test_a_blocked_microphone_is_said_in_words(page: "Page") -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page.goto("/")
    page.get_by_role("button", name="Speak your search").press("Enter")
    page.wait_for_selector(".query-problem:not([hidden])")
    assert "The microphone is blocked" in page.get_by_role("alert").inner_text()
