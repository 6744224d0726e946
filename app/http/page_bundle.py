"""The page's scripts and styles as one file each, so that a browser on a slow line asks three times, not sixty.

They are made of `app/web` as it is written, without another program: each module becomes a function that is called
once, in the order of imports, and gives what the module exports. What this does not understand, it refuses.
"""

import gzip
import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "web"

_STYLE = re.compile(r'^ *<link rel="stylesheet" href="/web/([^"]+)">\n', re.MULTILINE)
_SCRIPT = re.compile(r'<script (type="module" )?src="/web/([^"]+)">')

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_IMPORT_LATER = re.compile(r'(?<==> )import\("(\.{1,2}/[^"]+)"\)')
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function|class|const) (\w+))", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page, whose address changes with what is in it."""

    content: bytes
    zipped: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class PageBundle:
    """The page and, by their paths under `/web/`, the files that it asks for."""

    html: str
    files: Mapping[str, PageFile]


def page_bundle() -> PageBundle:
    """The page as it is written now: made once, and again after a file of it has changed."""
    files = [path.stat() for folder in ("js", "css") for path in (FOLDER / folder).rglob("*.*")]
    files.append((FOLDER / "index.html").stat())
    return _made((len(files), max(about.st_mtime_ns for about in files)))


@lru_cache(maxsize=1)
def _made(_version: tuple[int, int]) -> PageBundle:
    html = (FOLDER / "index.html").read_text(encoding="utf-8")
    files: dict[str, PageFile] = {}

    def keep(name: str, text: str, media_type: str) -> str:
        content = text.encode()
        stem, ending = posixpath.splitext(name)
        path = f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}{ending}"
        files[path] = PageFile(content, gzip.compress(content, 9, mtime=0), media_type)
        return path

    def one_script(found: re.Match[str]) -> str:
        kind, path = found[1] or "", found[2]
        text = scripts_in_one(posixpath.basename(path)) if kind else (FOLDER / path).read_text(encoding="utf-8")
        return f'<script {kind}src="/web/{keep(path, text, "text/javascript")}">'

    styles = "\n".join((FOLDER / path).read_text(encoding="utf-8") for path in _STYLE.findall(html))
    before, *_ = _STYLE.split(html, 1)
    link = f'    <link rel="stylesheet" href="/web/{keep("css/page.css", styles, "text/css")}">\n'
    html = before + link + _STYLE.sub("", html.removeprefix(before))
    return PageBundle(_SCRIPT.sub(one_script, html), files)


def scripts_in_one(entry: str, folder: Path = FOLDER / "js") -> str:
    """One module that does what ``entry`` and all that it imports do.

    Raises ValueError for a circle of imports and for a form of import or export that is not used here.
    """
    made: dict[str, str] = {}
    _add(entry, folder, made, ())
    *others, last = made.items()
    return "\n".join([*(f"const {_name(path)} = (() => {{\n{text}}})();" for path, text in others), last[1]])


def _add(path: str, folder: Path, made: dict[str, str], above: tuple[str, ...]) -> None:
    """Add a module to ``made``, after what it imports; ``above`` are those that import it."""
    if path in above:
        raise ValueError(f"a circle of imports: {' → '.join([*above, path])}")
    if path in made:
        return
    text = (folder / path).read_text(encoding="utf-8")

    def resolved(imported: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), imported))

    for imported in [names[1] for names in _IMPORT.findall(text)] + _IMPORT_LATER.findall(text):
        _add(resolved(imported), folder, made, (*above, path))
    exported = _EXPORT.findall(text)
    text = _IMPORT.sub(
        lambda found: f"const {{{found[1].replace(' as ', ': ')}}} = {_name(resolved(found[2]))};\n", text
    )
    text = _IMPORT_LATER.sub(lambda found: f"Promise.resolve({_name(resolved(found[1]))})", text)
    text = _EXPORT.sub("", text)
    if left := _LEFT.search(text):
        raise ValueError(
            f"{path}: {left[0]!r} is neither `import {{…}} from` nor an export of a function or a constant"
        )
    given = f"return {{ {', '.join(exported)} }};\n" if above else ""
    made[path] = f"// {path}\n{text}{given}"


def _name(path: str) -> str:
    return f"${re.sub(r'[^0-9A-Za-z]', '_', path.removesuffix('.js'))}"
