"""What a merchant sets: the kind of an item, the names of tags, the wording of notes, priorities."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("kind", sa.String(), nullable=False, server_default="backorder"))
    op.add_column("items", sa.Column("release_on", sa.Date(), nullable=True))
    op.add_column(
        "orders",
        sa.Column("is_ranked_by_hand", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for name, empty in _EMPTY.items():
        op.add_column("shops", sa.Column(name, sa.JSON(), nullable=False, server_default=empty))


def downgrade() -> None:
    for name in reversed(_EMPTY):
        op.drop_column("shops", name)
    op.drop_column("orders", "is_ranked_by_hand")
    op.drop_column("items", "release_on")
    op.drop_column("items", "kind")


_EMPTY = {"tag_names": "{}", "wording": "{}", "priority_rules": "[]", "chosen": "[]"}
