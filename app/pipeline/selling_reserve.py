"""Units that we keep for the queue ourselves: to us they are no safety stock."""

import msgspec
from sqlalchemy.orm import Session

from app.core.selling import SettingName
from app.core.takeback import CHANGED, Value
from app.db import selling
from app.platforms.base import ItemStock, Pool


def without_our_reserve(session: Session, shop_id: int, stock: ItemStock) -> ItemStock:
    """The stock as it would be told had we raised no safety stock. Readings may lag behind our writes:
    what a reading shows says whether ours is in it."""
    if not any(pool.safety_stock for pool in stock.pools):
        return stock
    extra: dict[int, dict[Value, int]] = {}
    for key, row in selling.rows_of(session, shop_id, [stock.item_id]).items():
        if key.name == SettingName.SAFETY_STOCK and row.state in CHANGED:
            extra[key.target_id] = {
                value: value - row.before for value in (row.ours, row.was) if value is not None
            }
    pools = tuple(
        _given_back(pool, extra.get(pool.location_id, {}).get(pool.safety_stock, 0))
        for pool in stock.pools
    )
    return msgspec.structs.replace(stock, pools=pools)


def _given_back(pool: Pool, units: int) -> Pool:
    return msgspec.structs.replace(
        pool, available=pool.available + units, safety_stock=pool.safety_stock - units
    )
