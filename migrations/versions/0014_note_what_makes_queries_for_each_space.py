"""Note which sentence encoder makes queries of words for each space"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MINILM = "a50ce76d"
"""Fingerprint of minilm-l6, revision 1, the only one there was: its vectors asked both spaces of profile lite."""


def upgrade() -> None:
    op.add_column("spaces", sa.Column("asked_by", sa.String(length=16), nullable=True))
    op.execute(
        f"UPDATE spaces SET asked_by = '{MINILM}' "
        "WHERE encoder = 'lite-visual' OR (encoder = 'lite-sound' AND revision = '2')"
    )


def downgrade() -> None:
    with op.batch_alter_table("spaces") as spaces:
        spaces.drop_column("asked_by")
