"""Note which sound track of a video was listened to"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("videos", sa.Column("sound_track", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("videos") as videos:
        videos.drop_column("sound_track")
