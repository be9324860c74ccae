"""Which items variants sell."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.item_codes import keep_codes
from app.db.models import StockItem, Variant
from app.platforms.base import VariantSeen


def unresolved_variants(session: Session, shop_id: int, *, limit: int) -> list[int]:
    """Variants that orders name and nobody has asked about yet."""
    where = (Variant.shop_id == shop_id, Variant.is_resolved.is_(False))
    return list(
        session.scalars(
            sa.select(Variant.variant_id).where(*where).order_by(Variant.variant_id).limit(limit)
        )
    )


def upsert_variants(
    session: Session, shop_id: int, told: Iterable[VariantSeen], *, now: datetime, only_known: bool
) -> None:
    """Remember which items variants sell. A new item is looked at now. `only_known` leaves out
    variants that no order names (a catalogue may have a million)."""
    seen = {variant.variant_id: variant for variant in told}
    where = (Variant.shop_id == shop_id, Variant.variant_id.in_(seen))
    known = {row.variant_id: row for row in session.scalars(sa.select(Variant).where(*where))}
    for variant_id, variant in seen.items():
        row = known.get(variant_id)
        if row is None:
            if only_known:
                continue
            row = Variant(shop_id=shop_id, variant_id=variant_id)
            session.add(row)
        row.item_id, row.product_id, row.is_resolved = variant.item_id, variant.product_id, True
        if variant.item_id is not None:
            _see_item(session, shop_id, variant, now)
        if variant.item_id is not None and variant.codes is not None:
            keep_codes(session, shop_id, variant.item_id, variant.codes, told_by=variant_id, now=now)
            row.codes_read_at = now
    session.flush()


def _see_item(session: Session, shop_id: int, variant: VariantSeen, now: datetime) -> None:
    item = session.get(StockItem, (shop_id, variant.item_id))
    if item is None:
        item = StockItem(
            shop_id=shop_id,
            item_id=variant.item_id,
            stock_due_at=now,
            attempts=0,
            cause="first order of the item",
            last_event_at=now,
        )
        session.add(item)
    item.sku, item.title = variant.sku, variant.title
    session.flush()


def find_items(session: Session, shop_id: int, sku: str) -> Sequence[StockItem]:
    """Items with that code, without regard to case."""
    where = (StockItem.shop_id == shop_id, sa.func.lower(StockItem.sku) == sku.lower())
    return session.scalars(sa.select(StockItem).where(*where)).all()
