"""Codes of items besides their SKUs, as the platform tells them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.item_codes import CodeKind, ItemCode, spelled, spellings
from app.db.due_items import ask_for_look
from app.db.models import ArrivalRow, ItemCodeRow, StockItem, Variant

FROM_PURCHASE_ORDERS = 0
"""What stands for the variant of a code that the platform's orders to suppliers tell."""

_AGAIN = timedelta(days=7)
_AT_ONCE = 1000


def keep_codes(
    session: Session,
    shop_id: int,
    item_id: int,
    codes: Iterable[ItemCode],
    *,
    told_by: int,
    now: datetime,
) -> None:
    """These are the codes that a variant has, and no others any more. Arrivals that wait for one of them
    are the item's own from now on."""
    where = [ItemCodeRow.shop_id == shop_id, ItemCodeRow.told_by == told_by]
    if told_by == FROM_PURCHASE_ORDERS:
        where.append(ItemCodeRow.item_id == item_id)
    known = {
        (row.item_id, row.kind, row.code): row
        for row in session.scalars(sa.select(ItemCodeRow).where(*where))
    }
    told = {(item_id, one.kind.value, code) for one in codes if (code := spelled(one.text))}
    for key in known.keys() - told if told_by != FROM_PURCHASE_ORDERS else ():
        session.delete(known[key])
    new = told - known.keys()
    session.add_all(
        ItemCodeRow(shop_id=shop_id, told_by=told_by, item_id=item, kind=kind, code=code)
        for item, kind, code in sorted(new)
    )
    session.flush()
    for _, kind, code in sorted(new):
        if kind == CodeKind.BARCODE:
            _adopt(session, shop_id, item_id, code, now)


def _adopt(session: Session, shop_id: int, item_id: int, code: str, now: datetime) -> None:
    """Arrivals told by a barcode before anybody knew whose it is, unless several items have it."""
    if len(items_of_codes(session, shop_id, [code]).get((True, code), ())) != 1:
        return
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.item_id.is_(None),
        ArrivalRow.sku.in_(spellings(code)),
    )
    item = session.get_one(StockItem, (shop_id, item_id))
    adopted = session.execute(
        sa.update(ArrivalRow).where(*where).values(item_id=item_id).returning(ArrivalRow.id)
    ).all()
    if adopted and item.has_queue:
        ask_for_look(item, at=now, cause="purchase orders matched by barcode")


def items_of_codes(
    session: Session, shop_id: int, codes: Collection[str] | None = None
) -> dict[tuple[bool, str], set[int]]:
    """The items of each code (see `CodesOf`); of all codes, or of these as `spelled`."""
    where = [ItemCodeRow.shop_id == shop_id]
    if codes is not None:
        where.append(ItemCodeRow.code.in_(codes))
    found: dict[tuple[bool, str], set[int]] = defaultdict(set)
    columns = sa.select(ItemCodeRow.kind, ItemCodeRow.code, ItemCodeRow.item_id).where(*where)
    for kind, code, item_id in session.execute(columns.execution_options(yield_per=_AT_ONCE)):
        found[kind == CodeKind.BARCODE, code].add(item_id)
    return found


def variants_to_ask(session: Session, shop_id: int, *, now: datetime, limit: int) -> list[int]:
    """Variants with stock whose codes nobody has read for a week, those never read first."""
    is_old = sa.or_(Variant.codes_read_at.is_(None), Variant.codes_read_at < now - _AGAIN)
    where = (Variant.shop_id == shop_id, Variant.item_id.is_not(None), is_old)
    order = (Variant.codes_read_at.is_not(None), Variant.codes_read_at, Variant.variant_id)
    return list(
        session.scalars(sa.select(Variant.variant_id).where(*where).order_by(*order).limit(limit))
    )
