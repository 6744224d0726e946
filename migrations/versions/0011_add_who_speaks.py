"""Add the voices of videos, and who says each segment"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voices",
        sa.Column("video_id", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("certainty", sa.Double(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_voices_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "number", name="pk_voices"),
    )
    op.create_index("ix_voices_name_key", "voices", ["name_key"])
    op.add_column("segments", sa.Column("speaker", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("segments") as segments:
        segments.drop_column("speaker")
    op.drop_index("ix_voices_name_key", "voices")
    op.drop_table("voices")
