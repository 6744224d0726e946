"""What a script would write with the client made of docs/openapi.json; its argument is where a server is."""

import io
import sys

from moments_client import AuthenticatedClient
from moments_client.api.search import search, search_image
from moments_client.api.videos import get_video, list_videos
from moments_client.models import (
    Problem,
    QueryBody,
    SearchAnswer,
    SearchBody,
    SearchImageForm,
    VideosAnswer,
    VideoStatus,
)
from moments_client.types import File


def main(url: str, picture: bytes) -> None:
    """Prints where red is, by words and by a picture, what becomes of a wrong id, and whether a video is indexed."""
    with AuthenticatedClient(base_url=url, token="mom_none") as client:
        found = search.sync(client=client, body=SearchBody(query=QueryBody(text="red"), limit=1))
        assert isinstance(found, SearchAnswer)
        form = SearchImageForm(file=File(io.BytesIO(picture), "red.png", "image/png"), options='{"limit": 1}')
        alike = search_image.sync(client=client, body=form)
        assert isinstance(alike, SearchAnswer)
        print([moment.start_s for moment in (*found.moments, *alike.moments)])
        missing = get_video.sync(client=client, video_id="nothing")
        assert isinstance(missing, Problem)
        print(missing.code)
        listed = list_videos.sync(client=client, limit=1)
        assert isinstance(listed, VideosAnswer)
        print(listed.videos[0].status is VideoStatus.INDEXED)


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.buffer.read())
