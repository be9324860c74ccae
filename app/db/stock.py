"""The pools of items, as last read."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.books import StockPosition
from app.db.models import PoolRow, StockItem
from app.db.statements import upsert
from app.platforms.base import ItemStock


def pools_of(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[int, dict[int, PoolRow]]:
    """The pools of these items as last read, by item and location."""
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id.in_(item_ids))
    found: dict[int, dict[int, PoolRow]] = defaultdict(dict)
    for row in session.scalars(sa.select(PoolRow).where(*where)):
        found[row.item_id][row.location_id] = row
    return found


def record_stock(
    session: Session,
    shop_id: int,
    stock: ItemStock,
    positions: Mapping[int, StockPosition],
    drift: Mapping[int, int],
    *,
    now: datetime,
    drift_since: Mapping[int, Sequence[Sequence[float]]] | None = None,
) -> None:
    """Replace what we know of one item's pools; `positions`, `drift` and `drift_since` by location, the
    last None where nobody asked."""
    since = drift_since or {}
    gone = (PoolRow.shop_id == shop_id, PoolRow.item_id == stock.item_id)
    session.execute(
        sa.delete(PoolRow).where(
            *gone, PoolRow.location_id.not_in([pool.location_id for pool in stock.pools])
        )
    )
    rows = [
        {
            "shop_id": shop_id,
            "item_id": stock.item_id,
            "location_id": pool.location_id,
            "location_name": pool.location_name,
            "on_hand": pool.on_hand,
            "available": pool.available,
            "committed": pool.committed,
            "backordered": pool.backordered,
            "supply": positions[pool.location_id].supply,
            "drift": drift.get(pool.location_id, 0),
            "drift_since": [list(one) for one in since.get(pool.location_id, ())],
            "is_reckoned": drift_since is not None,
            "read_at": now,
        }
        for pool in stock.pools
    ]
    if rows:
        upsert(session, PoolRow, rows)


def drifting_pools(session: Session, shop_id: int) -> list[tuple[PoolRow, StockItem]]:
    """Pools that have more committed than any order we may read explains."""
    statement = (
        sa.select(PoolRow, StockItem)
        .join(
            StockItem,
            sa.and_(StockItem.shop_id == PoolRow.shop_id, StockItem.item_id == PoolRow.item_id),
        )
        .where(PoolRow.shop_id == shop_id, PoolRow.drift != 0)
    )
    return [(pool, item) for pool, item in session.execute(statement)]
