"""Values that are made to break what reads them: numbers, nesting, languages of databases, forms, uploads."""

import base64
import json
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.attacked import Attacked, attacked_server
from tests.fakes import TWO_VIDEOS, id_of
from tests.tus import files

A = id_of("a.mp4")
BIG = "9" * 5000
PATIENCE_S = 30.0
TUS = {"Tus_Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    with attacked_server(tmp_path_factory.mktemp("attacked")) as server:
        yield server


@pytest.fixture(autouse=True)
def _is_well_and_whole_afterwards(attacked: Attacked) -> Iterator[None]:
    began_s = time.monotonic()
    yield
    assert attacked.is_well
    assert time.monotonic() - began_s < PATIENCE_S
    listed = json.loads(attacked.asked("GET", "/v1/videos").content)["videos"]
    assert {video["title"] for video in listed} == set(TWO_VIDEOS)


def search_with(**fields: str) -> str:
    """A body of a search in which values are written as they stand."""
    given = {"query": '{"text": "red"}'} | fields
    return "{" + ", ".join(f'"{name}": {value}' for name, value in given.items()) + "}"


@pytest.mark.parametrize(
    "body",
    [
        search_with(limit=BIG),
        search_with(limit=f"-{BIG}"),
        search_with(limit="NaN"),
        search_with(limit="1e999"),
        search_with(min_confidence="-Infinity"),
        search_with(min_confidence="1e308"),
        search_with(filter='{"seconds": {"gte": 1e999}}'),
        search_with(query='{"text": "red", "then": ["blue"], "within_s": NaN}'),
        search_with(query=json.dumps({"text": "a" * 900_000})),
        search_with(query=json.dumps({"text": "red", "then": ["blue"] * 10_000})),
        search_with(query="[" * 400_000 + "]" * 400_000),
        '{"query": ' * 90_000 + "1" + "}" * 90_000,
        search_with(filter='{"tag": ' * 50_000 + "1" + "}" * 50_000),
        search_with(**{f"field_{number}": "1" for number in range(30_000)}),
        search_with(cursor=f'"{"A" * 900_000}"'),
        search_with(cursor=f'"{base64.b64encode(json.dumps({"after": 10**30}).encode()).decode()}"'),
        b'{"query": {"text": "\xff\xfe"}}',
        b"",
        b"\x00" * 1000,
    ],
)
def test_no_number_nesting_or_length_breaks_a_search(attacked: Attacked, body: str | bytes) -> None:
    assert attacked.posted("/v1/search", body).status in (400, 413, 422)


@pytest.mark.parametrize("text", ["\\ud800", "\\u0000", "\\u202e\\u2066", "%s%n{0}${7*7}", "red' OR '1'='1"])
def test_words_are_only_words(attacked: Attacked, text: str) -> None:
    assert attacked.posted("/v1/search", search_with(query=f'{{"text": "{text} red"}}')).status in (200, 422)


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        (f"/v1/videos?limit={BIG}", (422,)),
        ("/v1/videos?limit=1e5", (422,)),
        (f"/v1/jobs?limit={BIG}", (422,)),
        (f"/v1/judgements?cursor={BIG}", (400,)),
        (f"/v1/videos/{A}/thumbnail?t_s={BIG}", (422,)),
        (f"/v1/videos/{A}/thumbnail?t_s=1e308", (404,)),
        (f"/v1/videos/{A}/thumbnail?t_s=nan", (422,)),
        (f"/v1/videos/{A}/clip.mp4?start_s=1e308&end_s=1.1e308", (422,)),
        (f"/v1/videos/{A}/clip.mp4?start_s=0&end_s=1e308", (422,)),
        ("/v1/videos?" + "&".join(f"x{number}=1" for number in range(9_000)), (400, 431)),
        ("/v1/videos/" + "%25" * 5_000, (404,)),
    ],
)
def test_no_number_or_length_breaks_an_address(attacked: Attacked, path: str, statuses: tuple[int, ...]) -> None:
    assert attacked.asked("GET", path).status in statuses


@pytest.mark.parametrize("cursor", ["e30=", "bnVsbA==", "W10=", "AAAA", "A" * 3000, "../../etc", "' OR 1=1 --", "%"])
@pytest.mark.parametrize("where", ["/v1/videos", "/v1/judgements"])
def test_a_cursor_that_somebody_made_up_is_none(attacked: Attacked, where: str, cursor: str) -> None:
    answer = attacked.asked("GET", f"{where}?cursor={quote(cursor)}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


SQL = [
    "'",
    "';DROP TABLE videos;--",
    "' OR '1'='1",
    '" OR ""="',
    "x') OR 1=1 --",
    "\\' OR 1=1 --",
    "1; ATTACH 'x' AS y",
]


@pytest.mark.parametrize("text", [*SQL, "%", "_.mp4", "a%mp4", "\\", "a.mp4' ESCAPE 'a"])
@pytest.mark.parametrize("where", ["q", "tag"])
def test_a_list_is_narrowed_by_text_and_not_by_a_language(attacked: Attacked, where: str, text: str) -> None:
    answer = attacked.asked("GET", f"/v1/videos?{where}={quote(text)}")
    assert (answer.status, json.loads(answer.content)["videos"]) == (200, [])


@pytest.mark.parametrize("text", SQL)
def test_ids_and_filters_are_text_and_not_a_language(attacked: Attacked, text: str) -> None:
    for path in (
        f"/v1/videos/{quote(text)}",
        f"/v1/videos/{quote(text)}/transcript",
        f"/v1/judgements?query={quote(text)}",
    ):
        assert attacked.asked("GET", path).status in (200, 404)
    for condition in ({"tag": text}, {"path": [text]}, {"video_id": text}, {"tag": {"all": [text, "%"]}}):
        answer = attacked.posted("/v1/search", {"query": {"text": "red"}, "filter": condition})
        assert answer.status in (200, 404, 422)
        assert b'"video_id"' not in answer.content
    assert attacked.asked("DELETE", f"/v1/videos/{quote(text)}").status == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/videos/{quote('../../../etc/passwd', safe='')}/stream",
        "/v1/videos/..%2f..%2fetc%2fpasswd",
        "/v1/videos/%2fetc%2fpasswd/stream",
        "/web/../../../../../../etc/passwd",
        "/web/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/web/%2fetc%2fpasswd",
        "/web//etc/passwd",
        "/web/js/..%5c..%5c..%5cpyproject.toml",
        "/docs/files/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/v1/uploads/..%2f..%2fcatalog.sqlite",
        "/v1/jobs/..%2f..%2fjobs.sqlite",
        f"/v1/videos/{A}/thumbnail/..%2f..%2f..%2fcatalog.sqlite",
        "/web/%00/etc/passwd",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_what_is_served(attacked: Attacked, path: str) -> None:
    answer = attacked.asked("GET", path)
    assert answer.status == 404
    assert b"root:" not in answer.content


def form(*parts: bytes) -> tuple[bytes, dict[str, str]]:
    body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"
    return body, {"Content_Type": "multipart/form-data; boundary=x"}


FILE = b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\nnothing that can be read'


@pytest.mark.parametrize(
    "parts",
    [
        [b'Content-Disposition: form-data; name="f%d"\r\n\r\nv' % number for number in range(20_000)],
        [b'Content-Disposition: form-data; name="file"; filename="%d"\r\n\r\nv' % number for number in range(5_000)],
        [b'Content-Disposition: form-data; name="file"; filename="' + b"a" * 2_000_000 + b'"\r\n\r\nv'],
        [b"X-Header: 1\r\n" * 50_000 + FILE],
        [b'Content-Disposition: form-data; name="options"\r\n\r\n' + b"[" * 900_000, FILE],
        [b'Content-Disposition: form-data; name="options"\r\n\r\n{"limit": ' + BIG.encode() + b"}", FILE],
        [b'Content-Disposition: form-data; name="text"\r\n\r\n' + b"red " * 20_000, FILE],
        [b'Content-Disposition: form-data; name="text"\r\n\r\n' + b"red " * 2_000_000, FILE],
        [],
    ],
    ids=["fields", "files", "name", "headers", "nested", "number", "words", "many-words", "nothing"],
)
def test_no_form_breaks_its_reader(attacked: Attacked, parts: list[bytes]) -> None:
    body, headers = form(*parts)
    # Where it is refused before it has come, the refusal may be lost on the way.
    assert attacked.asked("POST", "/v1/search/image", body, **headers).status in (400, 413, 422, 0)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x"]
)
def test_a_form_without_a_boundary_is_none(attacked: Attacked, kind: str) -> None:
    assert attacked.asked("POST", "/v1/search/image", b"x" * 1000, Content_Type=kind).status in (400, 415, 422)


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ({"Upload_Length": BIG}, (422,)),
        ({"Upload_Length": "-1"}, (422,)),
        ({"Upload_Length": "1e9"}, (422,)),
        ({"Upload_Length": "0x10"}, (422,)),
        ({"Upload_Length": str(2**63)}, (413,)),
        ({"Upload_Length": "5", "Upload_Metadata": "filename " + "QUFB" * 13_000}, (201, 400)),
        ({"Upload_Length": "5", "Upload_Metadata": "filename " * 5_000}, (400,)),
        ({"Upload_Length": "5", "Upload_Metadata": "filename %%%"}, (400,)),
        ({"Upload_Concat": "final;" + "/v1/uploads/../../etc/passwd"}, (400,)),
        ({"Upload_Concat": "final;" + f"/v1/uploads/{'a' * 8}-aaaa-aaaa-aaaa-{'a' * 12} " * 900}, (400,)),
        ({"Upload_Concat": "final;" + "http://evil.example/v1/uploads/x"}, (400,)),
    ],
)
def test_no_header_breaks_the_beginning_of_an_upload(
    attacked: Attacked, headers: dict[str, str], statuses: tuple[int, ...]
) -> None:
    answer = attacked.asked("POST", "/v1/uploads", **TUS, **headers)
    assert answer.status in statuses
    if answer.status == 201:
        assert attacked.asked("DELETE", answer.headers["location"], **TUS).status == 204
    assert files(attacked.library.folder.path) == []


@pytest.mark.parametrize("offset", ["-1", "1", BIG, str(2**63), "0x0", "0,5", "NaN"])
def test_no_offset_writes_elsewhere_than_at_the_end(attacked: Attacked, offset: str) -> None:
    begun = attacked.asked("POST", "/v1/uploads", **TUS, Upload_Length="5")
    where = begun.headers["location"]
    part = {"Content_Type": "application/offset+octet-stream"}
    assert attacked.asked("PATCH", where, b"12345", **TUS, **part, Upload_Offset=offset).status in (409, 422)
    assert attacked.asked("HEAD", where, **TUS).headers["upload-offset"] == "0"
    assert attacked.asked("DELETE", where, **TUS).status == 204


def test_a_body_in_chunks_is_counted_too(attacked: Attacked) -> None:
    """Without a length in front, what comes is counted."""
    chunks = b"".join(b"10000\r\n" + b" " * 0x10000 + b"\r\n" for _ in range(32)) + b"0\r\n\r\n"
    head = b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert attacked.sent(head + chunks).status in (413, 0)


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b", "a\\udcffb"], ids=["NUL", "half", "byte"])
def test_no_text_that_databases_refuse_comes_so_far(attacked: Attacked, text: str) -> None:
    """NUL, and halves of surrogate pairs, in every text of every body."""
    conditions = [f'{{"tag": {given}}}' for given in (f'"{text}"', f'{{"in": ["{text}"]}}', f'["{text}"]')]
    conditions += [f'{{"path": {given}}}' for given in (f'"{text}"', f'["{text}"]')] + [f'{{"video_id": "{text}"}}']
    bodies = [
        *(("POST", "/v1/search", search_with(filter=condition)) for condition in conditions),
        ("POST", "/v1/search", search_with(query=f'{{"like": {{"video_id": "{text}", "start_s": 0, "end_s": 1}}}}')),
        ("POST", "/v1/search", search_with(cursor=f'"{text}"')),
        ("POST", "/v1/videos", f'{{"path": "/videos/{text}"}}'),
        ("POST", "/v1/videos", f'{{"video": "{text}", "again": true}}'),
        (
            "POST",
            "/v1/judgements",
            f'{{"query": "red", "video_id": "{text}", "start_s": 0, "end_s": 1, "is_right": true}}',
        ),
        (
            "POST",
            "/v1/exports",
            f'{{"format": "csv", "moments": [{{"video_id": "{text}", "start_s": 0, "end_s": 1}}]}}',
        ),
    ]
    for method, path, body in bodies:
        answer = attacked.asked(method, path, body.encode(), Content_Type="application/json")
        assert answer.status in (200, 400, 404, 422), (body, answer.content)
    assert attacked.jobs.added == {}


@pytest.mark.parametrize("text", ["a\\ud800b", "a\\udcffb"])
@pytest.mark.parametrize("field", ['"title": "{}"', '"tags": ["{}"]'])
def test_half_a_character_is_no_title_and_no_tag(attacked: Attacked, text: str, field: str) -> None:
    for method, path, more in (("PATCH", f"/v1/videos/{A}", ""), ("POST", "/v1/videos", '"path": "/a.mp4", ')):
        body = "{" + more + field.replace("{}", text) + "}"
        answer = attacked.asked(method, path, body.encode(), Content_Type="application/json")
        assert (answer.status, answer.code) == (422, "invalid_input")
        assert b"valid Unicode" in answer.content
