"""What a source told of before and now leaves out: taken for cancelled, or for received."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.arrivals import same_reference
from app.core.states import ArrivalState
from app.db.arrivals import OPEN, in_words, record_change
from app.db.inbound_feed import LISTS, arrival_rows, family, look_at_waiting
from app.db.models import ArrivalRow, PoolRow

_AT_ONCE = 500


def cancel_unnamed(
    session: Session,
    shop_id: int,
    source: str,
    is_unnamed: Callable[[str, str], bool],
    *,
    references: Collection[str] | None = None,
    cause: str,
    now: datetime,
    is_rehearsal: bool = False,
) -> int:
    """Cancel what a source still expected and now leaves out; `is_unnamed` is asked with the reference
    (see `same_reference`) and the key of each, of these references where they are given. Returns how
    many; a rehearsal changes nothing."""
    gone = [
        row_id
        for row_id, reference, key in _expected_keys(session, shop_id, source, references)
        if is_unnamed(same_reference(reference), key)
    ]
    if not is_rehearsal:
        for row in arrival_rows(session, shop_id, gone):
            before = in_words(row)
            row.state, row.updated_at = ArrivalState.CANCELLED, now
            record_change(session, row, "arrival cancelled", before=before, cause=cause, now=now)
            look_at_waiting(session, shop_id, {row.item_id}, cause=cause, now=now)
    return len(gone)


def mark_complete(session: Session, shop_id: int, keys: Collection[str], *, list_name: str) -> None:
    """These arrivals are told by a list of everything that is open. What was in their pools when it
    first told them is kept, so that it can be seen later whether stock came."""
    supply = (
        sa.select(PoolRow.supply)
        .where(
            PoolRow.shop_id == ArrivalRow.shop_id,
            PoolRow.item_id == ArrivalRow.item_id,
            PoolRow.location_id == ArrivalRow.location_id,
        )
        .scalar_subquery()
    )
    values = {
        "list_name": list_name,
        "stock_when_told": sa.func.coalesce(ArrivalRow.stock_when_told, supply),
    }
    ordered = list(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        where = (
            ArrivalRow.shop_id == shop_id,
            ArrivalRow.source.in_(LISTS),
            ArrivalRow.source_key.in_(ordered[start : start + _AT_ONCE]),
        )
        session.execute(sa.update(ArrivalRow).where(*where).values(**values))


def close_unlisted(
    session: Session,
    shop_id: int,
    list_name: str,
    named: Collection[str],
    *,
    cause: str,
    now: datetime,
    is_rehearsal: bool = False,
) -> dict[str, int]:
    """Close what an earlier list of everything that is open told, and this one no longer has: received
    where the stock has risen since, else cancelled. Returns how many by state."""
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.list_name == list_name,
        ArrivalRow.state.in_(OPEN),
    )
    keys = session.execute(sa.select(ArrivalRow.id, ArrivalRow.source_key).where(*where)).all()
    gone = [row_id for row_id, key in keys if key not in named]
    counts = {"received": 0, "cancelled": 0}
    for row in arrival_rows(session, shop_id, gone):
        state = ArrivalState.RECEIVED if _has_stock_come(session, row) else ArrivalState.CANCELLED
        counts[state] += 1
        if not is_rehearsal:
            before = in_words(row)
            row.state, row.updated_at = state, now
            if state == ArrivalState.RECEIVED:
                row.received, row.received_at = row.quantity, now
            record_change(session, row, f"arrival {state}", before=before, cause=cause, now=now)
            look_at_waiting(session, shop_id, {row.item_id}, cause=cause, now=now)
    return counts


def _has_stock_come(session: Session, row: ArrivalRow) -> bool:
    where = (
        PoolRow.shop_id == row.shop_id,
        PoolRow.item_id == row.item_id,
        PoolRow.location_id == row.location_id,
    )
    is_there = session.scalar(sa.select(PoolRow.supply).where(*where))
    if is_there is None or row.stock_when_told is None:
        return False
    return is_there > row.stock_when_told


def _expected_keys(
    session: Session, shop_id: int, source: str, references: Collection[str] | None
) -> Iterator[tuple[int, str, str]]:
    where = [
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.source.in_(family(source)),
        ArrivalRow.state.in_(OPEN),
    ]
    if references is not None:
        spellings = {spelling for each in references for spelling in (each, f"#{each}")}
        where.append(sa.func.lower(ArrivalRow.reference).in_(spellings))
    columns = sa.select(ArrivalRow.id, ArrivalRow.reference, ArrivalRow.source_key).where(*where)
    for row_id, reference, key in session.execute(columns.execution_options(yield_per=_AT_ONCE)):
        yield row_id, reference, key or ""
