"""Note which languages are spoken in each video, and for how long"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spoken_languages",
        sa.Column("video_id", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_spoken_languages_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "language", name="pk_spoken_languages"),
    )
    op.create_index("ix_spoken_languages_language", "spoken_languages", ["language"])
    _count_what_is_known()


def downgrade() -> None:
    op.drop_index("ix_spoken_languages_language", "spoken_languages")
    op.drop_table("spoken_languages")


def _count_what_is_known() -> None:
    """Add up the segments of each language, whatever country and script its tag has."""
    connection = op.get_bind()
    segments = sa.text(
        "SELECT video_id, language, SUM(end_s - start_s) FROM segments "
        "WHERE language IS NOT NULL GROUP BY video_id, language"
    )
    seconds: dict[tuple[str, str], float] = {}
    for video_id, tag, speech_s in connection.execute(segments):
        key = (video_id, tag.partition("-")[0].lower())
        seconds[key] = seconds.get(key, 0.0) + speech_s
    rows = [
        {"video_id": video_id, "language": language, "speech_s": speech_s}
        for (video_id, language), speech_s in seconds.items()
    ]
    if rows:
        table = sa.table("spoken_languages", *(sa.column(name) for name in ("video_id", "language", "speech_s")))
        connection.execute(sa.insert(table), rows)
