"""What a browser's next page says was done."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("done", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("sign_ins", "done")
