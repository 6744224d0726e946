"""Add what people write of videos"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("videos", sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("videos", sa.Column("has_sound", sa.Boolean(), nullable=True))
    op.add_column("videos", sa.Column("given_title", sa.Text(), nullable=True))
    op.add_column("videos", sa.Column("given_recorded_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("videos") as videos:
        for column in ("given_recorded_at", "given_title", "has_sound", "recorded_at"):
            videos.drop_column(column)
