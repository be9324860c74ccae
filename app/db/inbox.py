"""The durable inbox: every delivery is a row before it is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.states import DeliveryState
from app.db.models import DeliveryRow, Shop
from app.db.statements import Given, Rows, affected_rows, is_one_of
from app.platforms.base import Delivery, Fact


class Incoming(NamedTuple):
    """A delivery that is believed, and the platform whose shop it names."""

    platform: str
    delivery: Delivery


class Kept(NamedTuple):
    """A delivery that was not in the inbox before."""

    shop_id: int
    delivery_id: str
    is_due: bool


def record_delivery(session: Session, shop_id: int, delivery: Delivery, *, now: datetime) -> bool:
    """Keep one delivery of a shop, once (see `record_deliveries`). Returns whether it is new and needs
    work."""
    platform, domain = session.execute(
        sa.select(Shop.platform, Shop.domain).where(Shop.id == shop_id)
    ).one()
    told = msgspec.structs.replace(delivery, shop_domain=domain)
    kept = record_deliveries(session, [Incoming(platform, told)], now=now)
    return any(each.is_due for each in kept)


def record_deliveries(
    session: Session | sa.Connection, told: Sequence[Incoming], *, now: datetime
) -> list[Kept]:
    """Keep deliveries, each once: the same one again (by its id, or by event and body) changes nothing.
    Returns those that went in: not what was known already, and not what is of a shop that we do not
    know.

    One statement, the same for any number of them: they are told as one JSON text (a quarter of the
    work of a row of parameters for each). The shops are found by it as well, so that nobody here
    remembers one that has left since.
    """
    rows = [_row(each, now) for each in told]
    bind = session.get_bind() if isinstance(session, Session) else session
    insert = _INSERT_POSTGRESQL if bind.dialect.name == "postgresql" else _INSERT_SQLITE
    found = session.execute(insert, {"rows": msgspec.json.encode(rows).decode()})
    return [
        Kept(shop_id, delivery_id, state == DeliveryState.DUE) for shop_id, delivery_id, state in found
    ]


class Queue(NamedTuple):
    """What waits in the inbox, of all shops, and since when."""

    due: int
    oldest_at: datetime | None


def read_queue(session: Session) -> Queue:
    """Counted by the index of those that wait: most deliveries are done."""
    of_all = sa.select(sa.func.count(), sa.func.min(DeliveryRow.received_at))
    return Queue(*session.execute(of_all.where(DeliveryRow.state == DeliveryState.DUE)).one())


class _Row(msgspec.Struct):
    """A delivery as it is kept. Moments are text, in UTC, as both databases read them."""

    platform: str
    domain: str
    delivery_id: str
    topic: str
    event_id: str | None
    body_hash: str
    triggered_at: str | None
    received_at: str
    facts: tuple[Fact, ...]
    state: str
    problem: str | None


def _row(incoming: Incoming, now: datetime) -> _Row:
    platform, delivery = incoming
    return _Row(
        platform=platform,
        domain=delivery.shop_domain,
        delivery_id=delivery.delivery_id,
        topic=delivery.topic,
        event_id=delivery.event_id,
        body_hash=delivery.body_hash,
        triggered_at=None if delivery.triggered_at is None else _written(delivery.triggered_at),
        received_at=_written(now),
        facts=delivery.facts,
        state=_state(delivery),
        problem=delivery.problem,
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_TABLE = cast("sa.Table", DeliveryRow.__table__)
_MOMENTS = ("triggered_at", "received_at")
_KEPT = ("delivery_id", "topic", "event_id", "body_hash", *_MOMENTS, "facts", "state", "problem")


def _insert_postgresql() -> sa.Executable:
    types: dict[str, Any] = {name: _TABLE.c[name].type for name in _KEPT}
    types |= dict.fromkeys(("platform", "domain"), sa.Text())
    types |= dict.fromkeys(_MOMENTS, sa.DateTime())
    told = (
        sa.func.json_to_recordset(sa.text("CAST(:rows AS json)"))
        .table_valued(*(sa.column(name, kind) for name, kind in types.items()))
        .render_derived(name="told", with_types=True)
    )
    utc: sa.ColumnElement[str] = sa.literal_column("'UTC'")
    moments = {name: sa.func.timezone(utc, told.c[name]) for name in _MOMENTS}
    return _insert(postgresql.insert(_TABLE), told, {**told.c, **moments})


def _insert_sqlite() -> sa.Executable:
    told = sa.func.json_each(sa.text(":rows")).table_valued("value", name="told")
    names = ("platform", "domain", *_KEPT)
    values = {name: sa.func.json_extract(told.c.value, f"$.{name}") for name in names}
    return _insert(sqlite.insert(_TABLE), told, values)


def _insert(
    insert: postgresql.Insert | sqlite.Insert,
    told: sa.FromClause,
    values: Mapping[str, sa.ColumnElement[Any]],
) -> sa.Executable:
    """One look into the index of shops for each row: no plan may read all shops for a few webhooks."""
    is_named = sa.and_(Shop.platform == values["platform"], Shop.domain == values["domain"])
    shop_id = sa.select(Shop.id).where(is_named).scalar_subquery()
    columns = (values[name].label(name) for name in _KEPT)
    named = sa.select(shop_id.label("shop_id"), *columns).select_from(told).subquery("named")
    rows = sa.select(named).where(named.c.shop_id.is_not(None))
    kept = insert.from_select(["shop_id", *_KEPT], rows).on_conflict_do_nothing()
    return kept.returning(_TABLE.c.shop_id, _TABLE.c.delivery_id, _TABLE.c.state)


_INSERT_POSTGRESQL = _insert_postgresql()
_INSERT_SQLITE = _insert_sqlite()


def needs_work(delivery: Delivery) -> bool:
    """Whether it tells something that can be used."""
    return bool(delivery.facts) and not delivery.is_ignored and delivery.problem is None


def _state(delivery: Delivery) -> DeliveryState:
    if delivery.problem is not None:
        return DeliveryState.FAILED
    return DeliveryState.DUE if needs_work(delivery) else DeliveryState.IGNORED


class DueDelivery(NamedTuple):
    """A delivery to be absorbed; `facts` is the JSON text of what it tells."""

    id: int
    shop_id: int
    topic: str
    triggered_at: datetime | None
    facts: str

    def read_facts(self) -> list[Fact]:
        """Its facts as typed values. Raises `msgspec.ValidationError`."""
        return _FACTS.decode(self.facts)


_FACTS = msgspec.json.Decoder(list[Fact])


def due_deliveries(session: Session, shop_id: int, *, limit: int) -> list[DueDelivery]:
    """Deliveries to absorb, in the order of their arrival."""
    columns = (DeliveryRow.id, DeliveryRow.shop_id, DeliveryRow.topic, DeliveryRow.triggered_at)
    # As text: to be parsed once, into what it means.
    facts = sa.type_coerce(sa.cast(DeliveryRow.facts, sa.Text()), sa.Text())
    where = (DeliveryRow.shop_id == shop_id, DeliveryRow.state == DeliveryState.DUE)
    statement = sa.select(*columns, facts).where(*where).order_by(DeliveryRow.id).limit(limit)
    return [DueDelivery(*row) for row in session.execute(statement)]


def mark_absorbed(session: Session, rows: Sequence[DueDelivery]) -> None:
    """These have been worked on."""
    where = (DeliveryRow.shop_id == rows[0].shop_id, is_one_of(DeliveryRow.id, [row.id for row in rows]))
    affected_rows(
        session, sa.update(DeliveryRow).where(*where).values(state=DeliveryState.DONE, problem=None)
    )


def quarantine(session: Session, row: DueDelivery, problem: str) -> None:
    """It could not be worked on, and `problem` says why."""
    where = (DeliveryRow.shop_id == row.shop_id, DeliveryRow.id == row.id)
    affected_rows(
        session, sa.update(DeliveryRow).where(*where).values(state=DeliveryState.FAILED, problem=problem)
    )


def failed_deliveries(session: Session, shop_id: int, *, limit: int = 100) -> Sequence[DeliveryRow]:
    """Deliveries nobody could use, newest first."""
    where = (DeliveryRow.shop_id == shop_id, DeliveryRow.state == DeliveryState.FAILED)
    return session.scalars(
        sa.select(DeliveryRow).where(*where).order_by(DeliveryRow.id.desc()).limit(limit)
    ).all()


def find_delivery(session: Session, delivery_id: int) -> DeliveryRow | None:
    """One delivery by our own number."""
    return session.get(DeliveryRow, delivery_id)


def replay(row: DeliveryRow) -> None:
    """Have the delivery worked on again; without facts there is nothing to work on."""
    row.state, row.problem = (
        (DeliveryState.DUE, None) if row.facts else (DeliveryState.IGNORED, row.problem)
    )


def old_deliveries(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """The deliveries that are done with and older than any retry; failed ones stay to be seen."""
    return _received(shop_id, (DeliveryState.DONE, DeliveryState.IGNORED), before)


def old_failed_deliveries(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """The failed deliveries that nobody has tried again."""
    return _received(shop_id, (DeliveryState.FAILED,), before)


def _received(shop_id: Given[int], states: Sequence[str], before: Given[datetime]) -> Rows:
    is_theirs = (DeliveryRow.shop_id == shop_id, DeliveryRow.received_at < before)
    return Rows(DeliveryRow, DeliveryRow.id, (*is_theirs, DeliveryRow.state.in_(states)))


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How the inbox of a shop stands."""

    due: int
    failed: int
    last_at: datetime | None


def count_deliveries(session: Session, shop_id: int) -> DeliveryCounts:
    """How many deliveries wait, how many failed, and when the last one came."""
    statement = sa.select(
        sa.func.count().filter(DeliveryRow.state == DeliveryState.DUE),
        sa.func.count().filter(DeliveryRow.state == DeliveryState.FAILED),
        sa.func.max(DeliveryRow.received_at),
    ).where(DeliveryRow.shop_id == shop_id)
    return DeliveryCounts(*session.execute(statement).one())
