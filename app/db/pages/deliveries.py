"""Webhooks that nobody could use."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import DeliveryState
from app.db.models import DeliveryRow
from app.db.pages.paging import PAGE, Page, PageRequest, Sort, cut_page

NEWEST_FIRST = Sort(DeliveryRow.received_at, DeliveryRow.id, is_descending=True)


def list_failed(session: Session, shop_id: int, turn: PageRequest) -> Page[DeliveryRow]:
    """One page of failed deliveries, newest first."""
    where = [DeliveryRow.shop_id == shop_id, DeliveryRow.state == DeliveryState.FAILED]
    if turn.place is not None:
        where.append(NEWEST_FIRST.beyond(turn.place, backwards=turn.backwards))
    clauses = NEWEST_FIRST.clauses(backwards=turn.backwards)
    statement = sa.select(DeliveryRow).where(*where).order_by(*clauses).limit(PAGE + 1)
    return cut_page(session.scalars(statement).all(), NEWEST_FIRST, turn)


def find_failed(session: Session, shop_id: int, delivery_id: int) -> DeliveryRow | None:
    """One of them, by our own number."""
    return session.scalar(
        sa.select(DeliveryRow).where(
            DeliveryRow.shop_id == shop_id,
            DeliveryRow.id == delivery_id,
            DeliveryRow.state == DeliveryState.FAILED,
        )
    )
