"""The durable inbox: every delivery is a row before it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db.models import DeliveryRow
from app.db.statements import affected_rows
from app.platforms.base import Delivery, Fact


def record_delivery(session: Session, shop_id: int, delivery: Delivery, *, now: datetime) -> bool:
    """Keep one delivery (see `record_deliveries`)."""
    return record_deliveries(session, [(shop_id, delivery)], now=now) == [True]


def record_deliveries(
    session: Session, told: Sequence[tuple[int, Delivery]], *, now: datetime
) -> list[bool]:
    """Keep deliveries of shops (by our own numbers), each once: the same one again (by its id, or by
    event and body) changes nothing. Returns of each whether it is new and needs work."""
    rows = [_row(shop_id, delivery, now) for shop_id, delivery in told]
    went_in = _insert(session, rows)
    is_new = []
    for row in rows:
        key = (row.shop_id, row.delivery_id)
        is_new.append(key in went_in and row.state == "due")
        went_in.discard(key)  # the same one twice in one batch is new once
    return is_new


class _Row(msgspec.Struct):
    """A delivery as it is kept; the names are the columns'."""

    shop_id: int
    delivery_id: str
    topic: str
    event_id: str | None
    body_hash: str
    triggered_at: datetime | None
    received_at: datetime
    facts: tuple[Fact, ...]
    state: str
    problem: str | None


def _row(shop_id: int, delivery: Delivery, now: datetime) -> _Row:
    return _Row(
        shop_id=shop_id,
        delivery_id=delivery.delivery_id,
        topic=delivery.topic,
        event_id=delivery.event_id,
        body_hash=delivery.body_hash,
        triggered_at=delivery.triggered_at,
        received_at=now,
        facts=delivery.facts,
        state=_state(delivery),
        problem=delivery.problem,
    )


def _insert(session: Session, rows: Sequence[_Row]) -> set[tuple[int, str]]:
    """Insert those that break no unique constraint; which went in, by shop and delivery id. In one order
    always: two processes that were told the same at the same time wait for each other, never both."""
    rows = sorted(rows, key=lambda row: (row.shop_id, row.delivery_id))
    if session.get_bind().dialect.name == "postgresql":
        values: Any = {"rows": msgspec.json.encode(rows).decode()}
        found = session.execute(_INSERT_JSON, values)
    else:
        values = [_values(row) for row in rows]
        found = session.execute(_INSERT_ROWS, values)
    return {(shop_id, delivery_id) for shop_id, delivery_id in found}


def _values(row: _Row) -> dict[str, Any]:
    return msgspec.structs.asdict(row) | {"facts": msgspec.to_builtins(row.facts)}


_TABLE = cast("sa.Table", DeliveryRow.__table__)
_COLUMNS = _Row.__struct_fields__
_KEY = (_TABLE.c.shop_id, _TABLE.c.delivery_id)

_INSERT_ROWS = sqlite.insert(_TABLE).on_conflict_do_nothing().returning(*_KEY)


def _insert_json() -> sa.Executable:
    """All rows as one JSON text: one statement that is the same for any number of them, a quarter of
    the work of a row of parameters for each."""
    told = (
        sa.func.json_to_recordset(sa.text("CAST(:rows AS json)"))
        .table_valued(*(sa.column(name, _TABLE.c[name].type) for name in _COLUMNS))
        .render_derived(name="told", with_types=True)
    )
    rows = sa.select(*(told.c[name] for name in _COLUMNS))
    insert = postgresql.insert(_TABLE).from_select(list(_COLUMNS), rows)
    return insert.on_conflict_do_nothing().returning(*_KEY)


_INSERT_JSON = _insert_json()


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
