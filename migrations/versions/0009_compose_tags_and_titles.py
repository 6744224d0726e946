"""Write tags and titles in NFC, so that one that is written in another way is the same"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_VIDEOS = sa.table("videos", *(sa.column(name, sa.Text) for name in ("id", "title", "given_title")))
_TAGS = sa.table("tags", sa.column("video_id", sa.String), sa.column("name", sa.Text))


def upgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(_VIDEOS)).all():
        written = {"title": _composed(row.title), "given_title": _composed(row.given_title)}
        if written != {"title": row.title, "given_title": row.given_title}:
            connection.execute(sa.update(_VIDEOS).where(_VIDEOS.c.id == row.id).values(written))
    tags = {(row.video_id, row.name) for row in connection.execute(sa.select(_TAGS))}
    for video_id, name in sorted(tags):
        tag = {"video_id": video_id, "name": _composed(name)}
        if tag["name"] == name:
            continue
        connection.execute(sa.delete(_TAGS).where(_TAGS.c.video_id == video_id, _TAGS.c.name == name))
        if (video_id, tag["name"]) not in tags:
            connection.execute(sa.insert(_TAGS).values(tag))
            tags.add((video_id, tag["name"]))


def downgrade() -> None:
    """Nothing: NFC is as good to earlier versions as any other way of writing."""


def _composed(text: str | None) -> str | None:
    return None if text is None else unicodedata.normalize("NFC", text)
