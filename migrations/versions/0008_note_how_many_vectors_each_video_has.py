"""Note how many vectors each video has in every lane, and by which construction it was indexed"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("videos", sa.Column("vectors", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("videos", sa.Column("construction", sa.Integer(), nullable=True))
    _count_what_is_known()


def downgrade() -> None:
    with op.batch_alter_table("videos") as videos:
        videos.drop_column("construction")
        videos.drop_column("vectors")


def _count_what_is_known() -> None:
    """Count the vectors of three lanes from what is kept of them; which windows had no sound is known nowhere."""
    connection = op.get_bind()
    counted = {
        "visual": "SELECT video_id, COUNT(*) FROM windows WHERE frame_s IS NOT NULL GROUP BY video_id",
        "speech": "SELECT video_id, COUNT(*) FROM segments GROUP BY video_id",
        "screen": "SELECT video_id, COUNT(*) FROM screen_texts GROUP BY video_id",
    }
    found = {lane: {row[0]: row[1] for row in connection.execute(sa.text(query))} for lane, query in counted.items()}
    videos = sa.table("videos", sa.column("id"), sa.column("vectors", sa.JSON()))
    for video_id in connection.scalars(sa.select(videos.c.id)).all():
        counts = {lane: by_video.get(video_id, 0) for lane, by_video in found.items()}
        connection.execute(sa.update(videos).where(videos.c.id == video_id).values(vectors=counts))
