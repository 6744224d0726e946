"""What a command makes of the answers of the server that keeps its data folder open."""

import httpx
import pytest

from app.cli.server_client import Server
from retrieval.errors import MomentsError, VideoNotFoundError


@pytest.mark.parametrize(
    ("code", "kind"), [("video_not_found", VideoNotFoundError), ("of_another_version", MomentsError)]
)
def test_an_error_of_the_server_is_raised_as_what_it_is(
    monkeypatch: pytest.MonkeyPatch, code: str, kind: type[MomentsError]
) -> None:
    answer = httpx.Response(400, json={"code": code, "detail": "as the server says it"})
    monkeypatch.setattr(httpx, "request", lambda *_, **__: answer)
    with pytest.raises(MomentsError, match="as the server says it") as raised:
        Server("http://127.0.0.1:1").remove("a")
    assert type(raised.value) is kind
