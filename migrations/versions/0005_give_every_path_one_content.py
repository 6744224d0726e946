"""Give every path one content, and the database its data folder"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Of videos that were indexed at the same path, the one that was indexed last is taken for what lies there.
_PATHS_OF_VIDEOS = """
INSERT INTO video_paths (path, video_id, size_bytes, modified_ns)
SELECT path, id, size_bytes, modified_ns FROM (
    SELECT path, id, size_bytes, modified_ns, row_number() OVER (
        PARTITION BY path ORDER BY coalesce(indexed_at, created_at) DESC, id DESC
    ) AS place
    FROM videos WHERE status = 'indexed'
) AS ranked
WHERE place = 1
"""


def upgrade() -> None:
    op.create_table(
        "video_paths",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("video_id", sa.String(length=16), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("sidecars", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_video_paths_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("path", name="pk_video_paths"),
    )
    op.create_index("ix_video_paths_video_id", "video_paths", ["video_id"])
    op.execute(_PATHS_OF_VIDEOS)
    op.add_column("videos", sa.Column("was_changing", sa.Boolean(), nullable=True))
    op.create_table(
        "data_folder",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_data_folder"),
    )


def downgrade() -> None:
    op.drop_table("data_folder")
    with op.batch_alter_table("videos") as videos:
        videos.drop_column("was_changing")
    op.drop_table("video_paths")
