"""Subtitle files beside a media file: which belong to it, and what their names say of them."""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from retrieval.languages import language_tag

TEXT_SUFFIXES = frozenset({".ass", ".sami", ".sbv", ".smi", ".srt", ".ssa", ".sub", ".vtt"})
UNREAD_SUFFIXES = frozenset({".dfxp", ".idx", ".sup", ".ttml"})
"""Subtitles that are not read: pictures (VobSub's ``.idx``, PGS's ``.sup``) and TTML. They are named in a warning."""

_JOINED = re.compile(r"\s*[-_(\[]")
"""How a mark may follow a name without a dot: ``talk_en.srt``, ``talk - English.srt``, ``talk (en).srt``."""

_SUFFIXES = tuple(TEXT_SUFFIXES | UNREAD_SUFFIXES)

SUBTITLE_FOLDERS = frozenset({"subs", "subtitles"})
"""Folders beside a media file, in any case, in which players look for its subtitles too."""


class SubtitleKind(StrEnum):
    """What subtitles write down. Only those that write down what is said can stand in for listening."""

    FULL = "full"
    HEARING_IMPAIRED = "hearing_impaired"
    """All that is said, and sounds."""
    PARTIAL = "partial"
    """What the viewer would miss otherwise: foreign lines (forced), signs, songs, lyrics, descriptions."""
    COMMENTARY = "commentary"
    """What is said on another sound track."""

    @property
    def is_whole(self) -> bool:
        return self in (SubtitleKind.FULL, SubtitleKind.HEARING_IMPAIRED)


_KINDS = (
    (SubtitleKind.FULL, r"non-?forced|unforced|full|complete|dialog(?:ue)?s?"),
    (SubtitleKind.PARTIAL, r"forced|foreign|signs?|songs?|lyrics?|karaoke|forc[eé]s?|forzad[oa]s?|erzwungen|форсир\w*"),
    (SubtitleKind.COMMENTARY, r"commentary|commentaries|comments?"),
    (SubtitleKind.HEARING_IMPAIRED, r"sdh|cc|hoh|hearing|closed|captions"),
)
_KIND_WORDS = [(kind, re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])")) for kind, words in _KINDS]
_HINDI_OR_HEARING = "hi"
_AROUND_MARKS = " -_()[]"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A subtitle file for a media file; ``talk.en.forced.srt`` beside ``talk.mp4`` is partial, in ``en``."""

    path: Path
    language: str | None
    kind: SubtitleKind = SubtitleKind.FULL
    is_default: bool = False


def kind_in_words(text: str) -> SubtitleKind | None:
    """What kind of subtitles a title, or a part of a file's name, speaks of; None if of none."""
    folded = text.casefold()
    return next((kind for kind, words in _KIND_WORDS if words.search(folded)), None)


def find_sidecars(path: Path) -> tuple[Sidecar, ...]:
    """Subtitle files named after ``path``, beside it or in a ``Subs`` folder: the plain name first, then by language.

    Names are compared whatever their case and however their accents are written. Between the media file's name and the
    suffix may stand its own suffix, a language, marks (``forced``, ``sdh``, ``default``), and one word more.
    """
    beside = _names(path.parent)
    folders = [path.parent / name for name in beside if name.lower() in SUBTITLE_FOLDERS]
    stem = _folded(path.stem)
    files = [
        folder / name
        for folder, names in [(path.parent, beside), *((folder, _names(folder)) for folder in folders)]
        for name in names
        if name.lower().endswith(_SUFFIXES) and _is_named_after(_folded(name), stem)
    ]
    others = _names_of_others(path, beside) if files else frozenset()
    found = [sidecar for file in files if (sidecar := _sidecar(path, file, others)) and file.is_file()]
    return tuple(sorted(found, key=lambda sidecar: (sidecar.language or "", sidecar.path.name)))


def _is_named_after(name: str, stem: str) -> bool:
    return name.startswith(f"{stem}.") or (name.startswith(stem) and _JOINED.match(name, len(stem)) is not None)


def _sidecar(media: Path, file: Path, others: frozenset[str]) -> Sidecar | None:
    """What ``file`` is to ``media``; None if it is named after one of the ``others``, or means nothing."""
    name, folded, length = unicodedata.normalize("NFC", file.stem), _folded(file.stem), len(_folded(media.stem))
    if _JOINED.match(folded, length):
        is_others = any(folded == other or folded.startswith(f"{other}.") for other in others)
        return (
            None if is_others else _as_marked(file, folded[length:].strip(_AROUND_MARKS).split("."), may_mean_nothing=0)
        )
    stem, parts = media.stem.split("."), name.split(".")
    if any(_folded(".".join(parts[:length])) in others for length in range(len(stem) + 1, len(parts) + 1)):
        return None
    marks = parts[len(stem) :]
    if marks and f".{marks[0].lower()}" == media.suffix.lower():
        marks = marks[1:]
    return _as_marked(file, marks)


def _as_marked(file: Path, marks: list[str], *, may_mean_nothing: int = 1) -> Sidecar | None:
    """The sidecar that the parts of its name speak of; None if too many of them mean nothing."""
    language, kind, is_default, unknown = None, None, False, 0
    for mark in sorted(marks, key=lambda mark: mark.casefold() == _HINDI_OR_HEARING):
        spoken_of = kind_in_words(mark)
        if mark.casefold() == "default":
            is_default = True
        elif spoken_of:
            kind = spoken_of if kind is None or spoken_of is SubtitleKind.PARTIAL else kind
            language = language or language_tag(_without_kind(mark))
        elif language is None and (tag := language_tag(mark)):
            language = tag
        elif mark.casefold() == _HINDI_OR_HEARING:
            kind = kind or SubtitleKind.HEARING_IMPAIRED
        else:
            unknown += 1
    return Sidecar(file, language, kind or SubtitleKind.FULL, is_default) if unknown <= may_mean_nothing else None


def _without_kind(mark: str) -> str:
    left = mark.casefold()
    for _, words in _KIND_WORDS:
        left = words.sub("", left)
    return left.strip(_AROUND_MARKS)


def _names_of_others(media: Path, beside: list[str]) -> frozenset[str]:
    """Names after which a subtitle file is another file's, with suffix and without.

    Without it ``talk.en.txt`` is no such name: notes and pictures lie beside videos too.
    """
    stem = _folded(media.stem)
    names = [Path(name) for name in beside if name != media.name and _is_named_after(_folded(name), stem)]
    others = [name for name in names if name.suffix.lower() not in _SUFFIXES]
    stems = [
        name.stem for name in others if name.suffix.lower() == media.suffix.lower() or not _ends_in_mark(name.stem)
    ]
    return frozenset(map(_folded, (*map(str, others), *stems)))


def _ends_in_mark(stem: str) -> bool:
    mark = stem.rpartition(".")[2]
    return language_tag(mark) is not None or kind_in_words(mark) is not None


def _names(folder: Path) -> list[str]:
    with suppress(OSError):
        return [file.name for file in folder.iterdir()]
    return []


def _folded(name: str) -> str:
    return (
        name.lower() if name.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    )
