"""The durable inbox: every delivery is a row before it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import DeliveryRow
from app.db.statements import affected_rows, insert_new
from app.platforms.base import Delivery, Fact


def record_delivery(session: Session, shop_id: int, delivery: Delivery, *, now: datetime) -> bool:
    """Keep a delivery, once: the same one again (by its id, or by event and body) changes nothing.
    Returns whether it is new and needs work."""
    row = {
        "shop_id": shop_id,
        "delivery_id": delivery.delivery_id,
        "topic": delivery.topic,
        "event_id": delivery.event_id,
        "body_hash": delivery.body_hash,
        "triggered_at": delivery.triggered_at,
        "received_at": now,
        "facts": msgspec.to_builtins(delivery.facts),
        "state": _state(delivery),
        "problem": delivery.problem,
    }
    return insert_new(session, DeliveryRow, [row]) > 0 and row["state"] == "due"


def _state(delivery: Delivery) -> str:
    if delivery.problem is not None:
        return "failed"
    return "due" if delivery.facts and not delivery.is_ignored else "ignored"


def due_deliveries(session: Session, shop_id: int, *, limit: int) -> Sequence[DeliveryRow]:
    """Deliveries to absorb, in the order of their arrival."""
    where = (DeliveryRow.shop_id == shop_id, DeliveryRow.state == "due")
    return session.scalars(
        sa.select(DeliveryRow).where(*where).order_by(DeliveryRow.id).limit(limit)
    ).all()


def read_facts(row: DeliveryRow) -> list[Fact]:
    """The facts of a delivery as typed values."""
    return msgspec.convert(row.facts, list[Fact])


def failed_deliveries(session: Session, shop_id: int, *, limit: int = 100) -> Sequence[DeliveryRow]:
    """Deliveries nobody could use, newest first."""
    where = (DeliveryRow.shop_id == shop_id, DeliveryRow.state == "failed")
    return session.scalars(
        sa.select(DeliveryRow).where(*where).order_by(DeliveryRow.id.desc()).limit(limit)
    ).all()


def find_delivery(session: Session, delivery_id: int) -> DeliveryRow | None:
    """One delivery by our own number."""
    return session.get(DeliveryRow, delivery_id)


def replay(row: DeliveryRow) -> None:
    """Have the delivery worked on again; without facts there is nothing to work on."""
    row.state, row.problem = ("due", None) if row.facts else ("ignored", row.problem)


def forget_deliveries(session: Session, shop_id: int, *, before: datetime) -> int:
    """Drop deliveries that are done with and older than any retry; failed ones stay to be seen."""
    where = (
        DeliveryRow.shop_id == shop_id,
        DeliveryRow.received_at < before,
        DeliveryRow.state.in_(("done", "ignored")),
    )
    return affected_rows(session, sa.delete(DeliveryRow).where(*where))


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How the inbox of a shop stands."""

    due: int
    failed: int
    last_at: datetime | None


def count_deliveries(session: Session, shop_id: int) -> DeliveryCounts:
    """How many deliveries wait, how many failed, and when the last one came."""
    statement = sa.select(
        sa.func.count().filter(DeliveryRow.state == "due"),
        sa.func.count().filter(DeliveryRow.state == "failed"),
        sa.func.max(DeliveryRow.received_at),
    ).where(DeliveryRow.shop_id == shop_id)
    return DeliveryCounts(*session.execute(statement).one())
