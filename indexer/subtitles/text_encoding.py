"""The text of a file whose encoding nobody wrote down: Unicode by its form, code pages by what they make of it."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

CODE_PAGES: Mapping[str, str] = {
    "cp1252": "af ca da de en es eu fi fo fr ga gl id is it ms nb nl nn no pt sv sw",
    "cp1250": "bs cs hr hu pl ro sk sl sq sr",
    "cp1251": "be bg kk ky mk mn ru sr tg uk",
    "cp1253": "el",
    "cp1254": "az tr",
    "cp1255": "he",
    "cp1256": "ar fa ur",
    "cp1257": "et lt lv",
    "cp1258": "vi",
    "cp874": "th",
    "gb18030": "zh",
    "big5hkscs": "zh",
    "cp932": "ja",
    "cp949": "ko",
    "euc_jis_2004": "ja",
    "iso2022_jp_ext": "ja",
    "iso8859-2": "bs cs hr hu pl ro sk sl sq",
    "iso8859-5": "bg mk ru sr",
    "iso8859-7": "el",
    "iso8859-8": "he",
    "iso8859-9": "tr",
    "iso8859-15": "da de es et fi fr it nl pt sv",
    "koi8-r": "ru",
    "koi8-u": "uk",
    "cp866": "ru",
}
"""What subtitles were written with before UTF-8, by Python's names, and the languages that each was made for."""

HINT = 1.5
"""How much likelier a code page is that was made for the language in the file's name."""

WINDOWS = 1.02
"""Subtitles were mostly made on Windows: what tells its pages from their ISO kin must be worth more than this."""

IMPLAUSIBLE = 0.3
"""What is left of a code page that puts signs into words, or control characters into the text."""

DAMAGE = 0.1
"""Share of the bytes beyond ASCII that a code page need not have: a broken byte is no proof of another page."""

SURE = 0.8
"""The choice is in doubt if a code page with another text is this likely beside it."""

_SAMPLE_BYTES = 1 << 16
_NUL_SHARE = 0.1
_NUL_SHARE_OF_FOUR = 0.55
_UNDAMAGED = 0.9
_FOREIGN_SHARE = 0.2
_KANA_SHARE = 0.5
_KANA = re.compile("[\u3041-\u30fe]")
_KANJI_PAGES = ("cp932", "euc_jis_2004")
_ESCAPES = {b"\x1b$)C": "iso2022_kr", b"\x1b$": "iso2022_jp_ext"}
_LATIN = re.compile("[A-Za-z]")
_NOT_LATIN = re.compile("[\u0370-\u1cff]")
_TWO_SCRIPTS = re.compile("[A-Za-z\xc0-\u024f][\u0370-\u1cff]|[\u0370-\u1cff][A-Za-z\xc0-\u024f]")
_SIGN_IN_WORD = re.compile(r"[^\W\d_][\xa1-\xa9\xab-\xac\xae-\xb4\xb6\xb8-\xb9\xbb-\xbf×÷ˇ˘˙˛˝€‡ƒ„†‰‹›™][^\W\d_]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")


class Encoding(NamedTuple):
    """An encoding by Python's name, and those that are about as likely and make another text."""

    name: str
    or_else: tuple[str, ...] = ()


def encoding_of(data: bytes, language: str | None = None) -> Encoding:
    """What a text was written with. ``language``, as ``pt-BR``, makes the code pages that were made for it likelier.

    That the text decodes without an error is not promised: files are damaged.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Encoding(name)
    if data.count(0) > _NUL_SHARE_OF_FOUR * len(data):
        return Encoding("utf-32-le" if data[3::4].count(0) > data[::4].count(0) else "utf-32-be")
    if data.count(0) > _NUL_SHARE * len(data):
        return Encoding("utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be")
    for escape, name in _ESCAPES.items():
        if escape in data:
            return Encoding(name)
    text = data.decode("utf-8", errors="replace")
    if text.count("\ufffd") <= (1 - _UNDAMAGED) * sum(not character.isascii() for character in text):
        return Encoding("utf-8")
    (name, best), *others = sorted(_likely(data, language), key=lambda guess: -guess[1])
    text = data.decode(name, errors="replace")
    rivals = (other for other, score in others if score > SURE * best)
    return Encoding(name, tuple(other for other in rivals if data.decode(other, errors="replace") != text))


def _likely(data: bytes, language: str | None) -> Iterator[tuple[str, float]]:
    """Code pages and how likely each made the data; only the order of the figures means something.

    chardet knows the pairs of letters of some 50 languages. On two cues in 35 languages, 50 times in all, it is
    wrong twice, charset-normalizer eighteen times; what follows here mends the rest.
    """
    import chardet

    lines = b"\n".join([b"", *(line for line in data.splitlines() if not line.isascii())])
    if len(lines) > _SAMPLE_BYTES:
        lines = lines[:_SAMPLE_BYTES].rpartition(b"\n")[0] or lines[:_SAMPLE_BYTES]
    tried, not_ascii = set[str](), sum(byte > 0x7F for byte in lines)
    for guess in chardet.detect_all(lines, ignore_threshold=True, include_encodings=CODE_PAGES, compat_names=False):
        encoding, score = guess["encoding"] or "cp1252", guess["confidence"]
        tried.add(encoding)
        if language and language.split("-")[0] in CODE_PAGES[encoding].split():
            score *= HINT
        if encoding.startswith("cp125"):
            score *= WINDOWS
        if not _is_plausible(lines.decode(encoding, errors="replace")):
            score *= IMPLAUSIBLE
        yield encoding, score
    for encoding in CODE_PAGES.keys() - tried:
        undamaged = lines.decode(encoding, errors="ignore").encode(encoding, errors="ignore")
        if 0 < len(lines) - len(undamaged) <= DAMAGE * not_ascii:
            pages = [encoding, "cp1252"]  # which chardet returns for want of a better one
            for guess in chardet.detect_all(
                undamaged, ignore_threshold=True, include_encodings=pages, compat_names=False
            ):
                if guess["encoding"] == encoding:
                    yield encoding, guess["confidence"] * IMPLAUSIBLE
    for encoding in _KANJI_PAGES:  # which chardet leaves out where all is kana: too few lead bytes differ
        text = lines.decode(encoding, errors="replace")
        if "\ufffd" not in text and len(_KANA.findall(text)) > _KANA_SHARE * sum(map(str.isalpha, text)):
            yield encoding, 1.0


def _is_plausible(text: str) -> bool:
    """False where signs or two scripts meet inside a word, where a Latin text has a stray letter, for controls."""
    latin, other = len(_LATIN.findall(text)), len(_NOT_LATIN.findall(text))
    if _SIGN_IN_WORD.search(text) or _CONTROLS.search(text) or _TWO_SCRIPTS.search(text):
        return False
    return not 0 < other < _FOREIGN_SHARE * latin
