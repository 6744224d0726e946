"""The files of the web interface as a browser asks for them, and what they must never hold."""

import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.http.application import create_app
from app.http.page_bundle import scripts_in_one
from app.settings import Settings
from tests.fakes import library_of
from tests.places import ROOT

WEB = ROOT / "app" / "web"
SCRIPTS = sorted((WEB / "js").rglob("*.js"))
STYLES = sorted((WEB / "css").glob("*.css"))
PAGES = ("/", "/search?q=a+dog", "/watch/8c1f0e3b5a7d9246?start_s=1", "/library", "/sign-in")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("library")
    with library_of(folder, {}) as library:
        api = create_app(Settings(data_dir=folder))
        api.state.library = library
        yield TestClient(api, base_url="http://127.0.0.1")


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", PAGES)
def test_every_address_of_a_page_is_answered_with_the_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    named = [tag for tag, _ in Tags(answer.text).found]
    assert named.count("script") == 2
    assert named.count("link") == 2
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")


def files_of(page: str) -> list[str]:
    """The scripts and styles that a page asks for."""
    found = Tags(page).found
    styles = [of["href"] for tag, of in found if tag == "link" and of["rel"] == "stylesheet"]
    return [file for file in [*styles, *(of["src"] for tag, of in found if tag == "script")] if file]


def test_scripts_and_styles_come_in_one_file_each_that_is_kept_for_good(client: TestClient) -> None:
    files = files_of(client.get("/").text)
    assert len(files) == 3
    for file in files:
        answer = client.get(file, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
        plain = client.get(file, headers={"Accept-Encoding": "br, gzip;q=0"})
        assert "content-encoding" not in plain.headers
        assert plain.content == answer.content
        head = client.head(file)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) <= len(plain.content)
    script = client.get(next(file for file in files if "/main." in file)).text
    for module in (WEB / "js").rglob("*.js"):
        if module.name not in ("theme.js", "recorder-worklet.js"):
            assert script.count(f"// {module.relative_to(WEB / 'js').as_posix()}\n") == 1
    style = client.get(files[0]).text
    assert all(sheet.read_text(encoding="utf-8") in style for sheet in STYLES)


def test_a_changed_script_has_another_address(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copied = tmp_path / "web"
    shutil.copytree(WEB, copied)
    monkeypatch.setattr("app.http.page_bundle.FOLDER", copied)
    before = files_of(client.get("/").text)
    tokens = copied / "css" / "tokens.css"
    tokens.write_text(tokens.read_text(encoding="utf-8") + "\n/* */", encoding="utf-8")
    os.utime(tokens, (2e9, 2e9))
    after = files_of(client.get("/").text)
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, False, False]
    assert client.get(before[0]).status_code == 404
    assert "/* */" in client.get(after[0]).text


def test_modules_become_one_in_the_order_of_their_imports(tmp_path: Path) -> None:
    modules = {
        "main.js": 'import { area as size } from "./a/area.js";\n\nlet late = () => import("./b.js");\nsize(late);\n',
        "a/area.js": 'import {\n  unit,\n  Unit,\n} from "../b.js";\n\nexport async function area() {}\n',
        "b.js": "export const unit = 1;\nexport class Unit {}\n",
    }
    (tmp_path / "a").mkdir()
    for name, text in modules.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    one = scripts_in_one("main.js", tmp_path)
    assert [line for line in one.splitlines() if line.startswith("// ")] == ["// b.js", "// a/area.js", "// main.js"]
    assert "const { area: size } = $a_area;" in one
    assert "return { unit, Unit };" in one
    assert "Promise.resolve($b)" in one
    assert not re.search(r"^(import|export)", one, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('import * as all from "./a.js";\n', "neither"),
        ("export default 1;\n", "neither"),
        ("export let changing = 1;\n", "neither"),
        ('import { a } from "./main.js";\n', "a circle of imports: main.js → main.js"),
    ],
)
def test_a_module_of_another_form_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "main.js").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        scripts_in_one("main.js", tmp_path)


@pytest.mark.parametrize("path", ["/", "/web/js/main.js", "/web/css/tokens.css"])
def test_a_browser_asks_each_time_and_is_told_when_nothing_changed(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/web/js/main.js", "text/javascript"), ("/web/css/tokens.css", "text/css"), ("/web/icon.svg", "image/svg+xml")],
)
def test_files_say_what_they_are(client: TestClient, path: str, media_type: str) -> None:
    assert client.get(path).headers["content-type"].split(";")[0] == media_type


@pytest.mark.parametrize("path", ["/web/js/none.js", "/web/", "/web/%2e%2e/main.py", "/web/..%2fmain.py", "/web/a%00b"])
def test_what_is_no_file_of_the_interface_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_pages_are_not_part_of_the_api(client: TestClient) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    assert not [path for path in paths if path.startswith("/web") or path in ("/", "/search", "/library")]


def test_everything_that_the_page_refers_to_is_there(client: TestClient) -> None:
    tags = Tags((WEB / "index.html").read_text(encoding="utf-8")).found
    files = [attributes.get("src") or attributes.get("href") for tag, attributes in tags if tag in ("script", "link")]
    assert len(files) >= 5
    assert not [file for file in files if file is None or client.get(file).status_code != 200]


def test_the_page_has_no_script_or_style_of_its_own() -> None:
    """The content security policy would stop it."""
    for tag, attributes in Tags((WEB / "index.html").read_text(encoding="utf-8")).found:
        assert tag != "style"
        assert tag != "script" or attributes["src"]
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_script_imports_what_is_there_and_makes_no_html_of_text(script: Path) -> None:
    source = script.read_text(encoding="utf-8")
    code = re.sub(r"//.*|/\*[\s\S]*?\*/", "", source)
    for names, module in re.findall(r"""import \{([^}]*)\} from ["'](\.{1,2}/[^"']+)["']""", code):
        exported = (script.parent / module).read_text(encoding="utf-8")
        for name in re.findall(r"\w+", names):
            assert re.search(rf"export (?:async )?(?:function|class|const|let) {name}\b", exported), f"{module}: {name}"
    assert not [
        name for name in re.findall(r"""import\(["'](\./[^"']+)""", code) if not (script.parent / name).is_file()
    ]
    made = re.findall(
        r"\.(?:innerHTML|outerHTML|insertAdjacentHTML|cssText)\b|document\.write|\beval\(|new Function", code
    )
    assert made == []
    assert 'setAttribute("style"' not in code


@pytest.mark.parametrize(
    "file", [*SCRIPTS, *STYLES, WEB / "index.html"], ids=lambda path: path.relative_to(WEB).as_posix()
)
def test_nothing_comes_from_another_site(file: Path) -> None:
    addresses = re.findall(r"https?://[^\s\"'`)]+", file.read_text(encoding="utf-8"))
    assert [address for address in addresses if address != "http://www.w3.org/2000/svg"] == []


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_script_is_short_enough_to_read(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400
