"""Long queues as a worker decided them (see `app.db.models.queues`)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.queue_view import QueueLine, QueueSums
from app.db.models import LongQueue, LongQueuePage
from app.db.statements import put_rows

PAGE = 50
"""Lines on one page."""

_QUEUE, _OUTSIDE = "queue", "outside"


class Kept(NamedTuple):
    """The queue of one location: its sums, all of its lines, and the orders outside with their units."""

    sums: QueueSums
    lines: Sequence[QueueLine]
    outside: Sequence[tuple[int, int]]


def keep_queues(
    session: Session, shop_id: int, item_id: int, queues: Mapping[int, Kept], *, now: datetime
) -> None:
    """Keep an item's queues, by location, in place of those that were kept: of these only pages that
    read differently are written."""
    key = {"shop_id": shop_id, "item_id": item_id}
    pages = {
        (location_id, kind, number): msgspec.json.encode(some)
        for location_id, kept in queues.items()
        for kind, rows in ((_QUEUE, kept.lines), (_OUTSIDE, kept.outside))
        for number, some in enumerate(_pages(rows), start=1)
    }
    digests = {place: blake2b(text, digest_size=16).hexdigest() for place, text in pages.items()}
    known = _digests(session, shop_id, item_id)
    _forget(session, shop_id, item_id, known.keys() - digests.keys(), queues)
    names = ("location_id", "kind", "page")
    changed = [
        key | dict(zip(names, place, strict=True)) | {"digest": digests[place], "lines": text.decode()}
        for place, text in pages.items()
        if known.get(place) != digests[place]
    ]
    put_rows(session, LongQueuePage, changed, overwrite=("digest", "lines"))
    heads = [
        key
        | {"location_id": location_id, "kept_at": now, "sums": msgspec.json.encode(kept.sums).decode()}
        for location_id, kept in queues.items()
    ]
    put_rows(session, LongQueue, heads, overwrite=("kept_at", "sums"))


def _pages(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + PAGE] for start in range(0, len(rows), PAGE))


def _digests(session: Session, shop_id: int, item_id: int) -> dict[tuple[int, str, int], str]:
    statement = sa.select(
        LongQueuePage.location_id, LongQueuePage.kind, LongQueuePage.page, LongQueuePage.digest
    ).where(LongQueuePage.shop_id == shop_id, LongQueuePage.item_id == item_id)
    return {
        (location_id, kind, page): digest
        for location_id, kind, page, digest in session.execute(statement)
    }


def _forget(
    session: Session,
    shop_id: int,
    item_id: int,
    gone: Collection[tuple[int, str, int]],
    queues: Mapping[int, Kept],
) -> None:
    """Forget pages that are no more, and the queues of locations that are not among these."""
    for location_id, kind in {(location_id, kind) for location_id, kind, _ in gone}:
        first = min(page for *place, page in gone if place == [location_id, kind])
        session.execute(
            sa.delete(LongQueuePage).where(
                LongQueuePage.shop_id == shop_id,
                LongQueuePage.item_id == item_id,
                LongQueuePage.location_id == location_id,
                LongQueuePage.kind == kind,
                LongQueuePage.page >= first,
            )
        )
    session.execute(
        sa.delete(LongQueue).where(
            LongQueue.shop_id == shop_id,
            LongQueue.item_id == item_id,
            LongQueue.location_id.not_in(list(queues)),
        )
    )


def read_sums(session: Session, shop_id: int, item_id: int) -> dict[int, tuple[QueueSums, datetime]]:
    """The sums of an item's queues, by location, and when they were kept."""
    where = (LongQueue.shop_id == shop_id, LongQueue.item_id == item_id)
    return {
        row.location_id: (msgspec.json.decode(row.sums, type=QueueSums), row.kept_at)
        for row in session.scalars(sa.select(LongQueue).where(*where))
    }


def read_page(
    session: Session, shop_id: int, item_id: int, location_id: int, page: int
) -> list[QueueLine]:
    """One page of a queue."""
    text = session.scalar(_lines_of(shop_id, item_id, location_id, _QUEUE, page))
    return [] if text is None else msgspec.json.decode(text, type=list[QueueLine])


def read_outside(
    session: Session, shop_id: int, item_id: int, location_id: int
) -> list[tuple[int, int]]:
    """The first orders that wait outside a queue, with their units."""
    text = session.scalar(_lines_of(shop_id, item_id, location_id, _OUTSIDE, 1))
    return [] if text is None else msgspec.json.decode(text, type=list[tuple[int, int]])


def _lines_of(shop_id: int, item_id: int, location_id: int, kind: str, page: int) -> sa.Select[str]:
    return sa.select(LongQueuePage.lines).where(
        LongQueuePage.shop_id == shop_id,
        LongQueuePage.item_id == item_id,
        LongQueuePage.location_id == location_id,
        LongQueuePage.kind == kind,
        LongQueuePage.page == page,
    )
