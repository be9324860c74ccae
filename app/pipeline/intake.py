"""Deliveries in: many of them in one transaction, each with its own outcome.

A commit waits for the disk, so what arrives while one is made is kept by the next. Nobody is answered
before the commit of their own delivery.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.core.states import ShopStatus
from app.db import inbox, shops
from app.db.held import HeldConnection
from app.db.inbox import Incoming
from app.db.outages import NO_DATABASE, gave_way, was_cut_off
from app.db.statements import commit_each
from app.pipeline import leaving
from app.pipeline.runtime import Runtime
from app.platforms.base import ShopGone

log = structlog.get_logger()


class Outcome(StrEnum):
    """What became of a delivery. Only the first two are kept; `KNOWN` needs no work."""

    NEW = "new"
    KNOWN = "known"
    UNKNOWN_SHOP = "unknown shop"
    NOT_KEPT = "not kept"


class Recorded(NamedTuple):
    """The outcome of each delivery, in their order, and the shops to be rung."""

    outcomes: list[Outcome]
    to_ring: set[int]


def is_uninstall(incoming: Incoming) -> bool:
    """Whether its shop is gone. That is worked on before the answer, and may have to wait for the shop's
    worker: others should not wait with it."""
    return any(isinstance(fact, ShopGone) for fact in incoming.delivery.facts)


def record(
    runtime: Runtime, batch: Sequence[Incoming], *, held: HeldConnection | None = None
) -> Recorded:
    """Keep deliveries and commit, by the connection that is `held` if there is one. One that the
    database does not take is refused alone, and never costs another its place."""
    try:
        return _record_together_or_again(runtime, batch, held)
    except NO_DATABASE as error:
        log.warning("no webhook can be kept: send again", count=len(batch), error=_first_line(error))
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with one must not refuse the others
        if len(batch) > 1:
            alone = [record(runtime, [one], held=held) for one in batch]
            outcomes = [outcome for each in alone for outcome in each.outcomes]
            return Recorded(outcomes, set().union(*(each.to_ring for each in alone)))
        topic = batch[0].delivery.topic
        log.warning("a webhook can't be kept", topic=topic, count=1, error=_first_line(error))
    return Recorded([Outcome.NOT_KEPT] * len(batch), set())


def _record_together_or_again(
    runtime: Runtime, batch: Sequence[Incoming], held: HeldConnection | None
) -> Recorded:
    """Whoever had to give way to another transaction, or was cut off, may try again at once. If the
    commit was made before the connection ended, the deliveries are known by now."""
    try:
        return _record_together(runtime, batch, held)
    except NO_DATABASE as error:
        if not (gave_way(error) or was_cut_off(error)):
            raise
        return _record_together(runtime, batch, held)


def _record_together(
    runtime: Runtime, batch: Sequence[Incoming], held: HeldConnection | None
) -> Recorded:
    if any(map(is_uninstall, batch)):
        with runtime.sessions.begin() as session:
            recorded = _keep(session, runtime, batch)
            for one, outcome in zip(batch, recorded.outcomes, strict=True):
                if outcome is Outcome.NEW and is_uninstall(one):
                    _leave(session, one, runtime)
            return recorded
    if held is not None:
        # The one statement is the transaction: PostgreSQL has committed it when it answers.
        with held.use() as connection:
            return _keep(connection, runtime, batch)
    with runtime.sessions.begin() as session:
        commit_each(session)
        return _keep(session, runtime, batch)


def _keep(session: Session | sa.Connection, runtime: Runtime, batch: Sequence[Incoming]) -> Recorded:
    kept = inbox.record_deliveries(session, batch, now=runtime.clock())
    return Recorded(_outcomes(session, batch, kept), {each.shop_id for each in kept if each.is_due})


def _outcomes(
    session: Session | sa.Connection, batch: Sequence[Incoming], kept: Sequence[inbox.Kept]
) -> list[Outcome]:
    """What went in is told by the insert; only for the rest it must be asked which shops there are."""
    # Nearly always: then nothing more needs to be asked.
    if len(kept) == len(batch):
        return [Outcome.NEW if inbox.needs_work(one.delivery) else Outcome.KNOWN for one in batch]
    went_in = {(each.shop_id, each.delivery_id) for each in kept}
    ids = shops.find_ids(session, {one.delivery.shop_domain for one in batch})
    outcomes = []
    for platform, delivery in batch:
        shop_id = ids.get((platform, delivery.shop_domain))
        if shop_id is None:
            outcomes.append(Outcome.UNKNOWN_SHOP)
        elif (shop_id, delivery.delivery_id) in went_in and inbox.needs_work(delivery):
            outcomes.append(Outcome.NEW)
        else:
            outcomes.append(Outcome.KNOWN)
        went_in.discard((shop_id or 0, delivery.delivery_id))  # twice in one batch is new once
    return outcomes


def _leave(session: Session, farewell: Incoming, runtime: Runtime) -> None:
    """The one thing that is done before the answer: no worker may go on with a shop that is gone."""
    platform, delivery = farewell
    shop = shops.find_shop(session, platform, delivery.shop_domain)
    if shop is not None and shop.status in (ShopStatus.ACTIVE, ShopStatus.NEEDS_MERCHANT):
        leaving.uninstall(
            session, shop, told_at=delivery.triggered_at, now=runtime.clock(), cause=delivery.topic
        )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
