"""Which units of which line item of an order have lowered the stock figures."""

from collections import defaultdict
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lines", sa.Column("parts", sa.JSON()))
    rows = [{"parts": parts, **key} for key, parts in _parts()]
    if rows:
        lines = _table("lines", *_KEY, "parts")
        where = [lines.c[name] == sa.bindparam(f"of_{name}") for name in _KEY]
        op.get_bind().execute(sa.update(lines).where(*where), rows)


_KEY = ("shop_id", "order_id", "item_id", "location_id")


def _table(name: str, *columns: str) -> sa.TableClause:
    types = {"parts": sa.JSON()}
    return sa.table(name, *(sa.column(one, types.get(one, sa.BigInteger())) for one in columns))


def _parts() -> Iterator[tuple[dict[str, int], list[list[int]]]]:
    """Of each line of which it is known what it took, its line items, the oldest taking first."""
    lines = _table("lines", *_KEY, "quantity", "taken")
    bind = op.get_bind()
    left = _line_items(bind)
    where = lines.c.taken.is_not(None)
    for row in bind.execute(
        sa.select(lines).where(where).order_by(*(lines.c[one] for one in _KEY))
    ).all():
        quantity, taken, parts = row.quantity, row.taken, []
        for item in left[row.shop_id, row.order_id, row.item_id]:
            units = min(quantity, item[1])
            if units:
                parts.append([item[0], units, min(units, item[2]), min(units, taken)])
            quantity, taken = quantity - units, max(0, taken - units)
            item[1:] = [item[1] - units, max(0, item[2] - units)]
        yield {f"of_{name}": getattr(row, name) for name in _KEY}, parts


def _line_items(bind: sa.Connection) -> dict[tuple[int, int, int], list[list[int]]]:
    items = _table(
        "order_items", "shop_id", "order_id", "line_id", "variant_id", "outstanding", "backordered"
    )
    variants = _table("variants", "shop_id", "variant_id", "item_id")
    lines = _table("lines", "shop_id", "order_id", "item_id", "taken")
    found: dict[tuple[int, int, int], list[list[int]]] = defaultdict(list)
    same = sa.and_(items.c.shop_id == variants.c.shop_id, items.c.variant_id == variants.c.variant_id)
    told = sa.exists().where(
        lines.c.shop_id == items.c.shop_id,
        lines.c.order_id == items.c.order_id,
        lines.c.item_id == variants.c.item_id,
        lines.c.taken.is_not(None),
    )
    chosen = (items.c.shop_id, items.c.order_id, variants.c.item_id)
    wanted = sa.select(*chosen, items.c.line_id, items.c.outstanding, items.c.backordered)
    for row in bind.execute(
        wanted.join_from(items, variants, same).where(told).order_by(items.c.line_id)
    ):
        found[row[0], row[1], row[2]].append(list(row[3:]))
    return found


def downgrade() -> None:
    op.drop_column("lines", "parts")
