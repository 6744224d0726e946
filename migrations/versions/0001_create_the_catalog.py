"""Create the catalog"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spaces",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_spaces"),
    )
    op.create_table(
        "videos",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("profile", sa.String(length=16), nullable=True),
        sa.Column("encoders", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("windows", sa.Integer(), nullable=False),
        sa.Column("index_s", sa.Double(), nullable=True),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_videos"),
        sa.UniqueConstraint("content_hash", name="uq_videos_content_hash"),
    )
    op.create_index("ix_videos_created_at_id", "videos", ["created_at", "id"])
    op.create_index("ix_videos_path", "videos", ["path"])
    op.create_index("ix_videos_status", "videos", ["status"])

    op.create_table(
        "screen_texts",
        sa.Column("video_id", sa.String(length=16), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_screen_texts_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "ordinal", name="pk_screen_texts"),
    )
    op.create_table(
        "segments",
        sa.Column("video_id", sa.String(length=16), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("avg_logprob", sa.Double(), nullable=True),
        sa.Column("no_speech_prob", sa.Double(), nullable=True),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_segments_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "ordinal", name="pk_segments"),
    )
    op.create_table(
        "shots",
        sa.Column("video_id", sa.String(length=16), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_shots_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "ordinal", name="pk_shots"),
    )
    op.create_table(
        "sound_events",
        sa.Column("video_id", sa.String(length=16), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_sound_events_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "ordinal", name="pk_sound_events"),
    )
    op.create_table(
        "tags",
        sa.Column("video_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_tags_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "name", name="pk_tags"),
    )
    op.create_index("ix_tags_name", "tags", ["name"])

    op.create_table(
        "windows",
        sa.Column("video_id", sa.String(length=16), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("shot_ordinal", sa.Integer(), nullable=False),
        sa.Column("frame_s", sa.Double(), nullable=True),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_windows_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "ordinal", name="pk_windows"),
    )


def downgrade() -> None:
    op.drop_table("windows")
    op.drop_index("ix_tags_name", table_name="tags")

    op.drop_table("tags")
    op.drop_table("sound_events")
    op.drop_table("shots")
    op.drop_table("segments")
    op.drop_table("screen_texts")
    op.drop_index("ix_videos_status", table_name="videos")
    op.drop_index("ix_videos_path", table_name="videos")
    op.drop_index("ix_videos_created_at_id", table_name="videos")

    op.drop_table("videos")
    op.drop_table("spaces")
