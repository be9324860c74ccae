"""The audit: what changed, from what, to what, why, and what caused it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Event
from app.db.statements import Given, Rows


def record_event(
    session: Session,
    shop_id: int,
    kind: str,
    *,
    at: datetime,
    order_id: int | None = None,
    item_id: int | None = None,
    before: str = "",
    after: str = "",
    why: str = "",
    cause: str | None = None,
) -> None:
    """Append one event."""
    session.add(
        Event(
            shop_id=shop_id,
            at=at,
            kind=kind,
            order_id=order_id,
            item_id=item_id,
            before=before,
            after=after,
            why=why,
            cause=cause,
        )
    )


def last_event(session: Session, shop_id: int, kind: str, *, after: str = "") -> int:
    """Number of the newest event of this kind, among those whose `after` begins so; 0 where there is
    none."""
    where = (
        Event.shop_id == shop_id,
        Event.kind == kind,
        Event.after.startswith(after, autoescape=True),
    )
    newest = sa.select(Event.id).where(*where).order_by(Event.at.desc(), Event.id.desc()).limit(1)
    return session.scalar(newest) or 0


def old_events(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """The oldest events."""
    return Rows(Event, Event.id, (Event.shop_id == shop_id, Event.at < before))


def recent_events(session: Session, shop_id: int, *, limit: int = 50) -> Sequence[Event]:
    """The newest events, newest first."""
    return session.scalars(
        sa.select(Event).where(Event.shop_id == shop_id).order_by(Event.id.desc()).limit(limit)
    ).all()
