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

from app.db import inbox, shops
from app.pipeline import leaving
from app.pipeline.runtime import Runtime
from app.platforms.base import Delivery, ShopGone

# Gone, shut down, read-only after a failover, or every connection in use.
_NO_DATABASE = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,
    sa.exc.TimeoutError,
)

log = structlog.get_logger()


class Outcome(StrEnum):
    """What became of a delivery. Only the first two are kept; `KNOWN` needs no work."""

    NEW = "new"
    KNOWN = "known"
    UNKNOWN_SHOP = "unknown shop"
    NOT_KEPT = "not kept"


class Incoming(NamedTuple):
    """A delivery that is believed, and who sent it."""

    platform: str
    delivery: Delivery

    @property
    def is_farewell(self) -> bool:
        """Whether its shop is gone. That is worked on before the answer, and may have to wait for the
        shop's worker: others should not wait with it."""
        return any(isinstance(fact, ShopGone) for fact in self.delivery.facts)


class Result(NamedTuple):
    """The outcome, and the shop to be rung if there is work now."""

    outcome: Outcome
    shop_id: int | None = None


def record(runtime: Runtime, batch: Sequence[Incoming]) -> list[Result]:
    """Keep deliveries and commit; the result of each, in their order. A delivery that the database
    does not take is refused alone, and never costs another its place."""
    try:
        with runtime.sessions.begin() as session:
            return _keep(session, batch, runtime)
    except _NO_DATABASE as error:
        log.warning("no webhook can be kept: send again", count=len(batch), error=_first_line(error))
    except (sa.exc.SQLAlchemyError, ValueError) as error:
        if len(batch) > 1:
            return [result for one in batch for result in record(runtime, [one])]
        log.warning(
            "a webhook can't be kept", topic=batch[0].delivery.topic, count=1, error=_first_line(error)
        )
    return [Result(Outcome.NOT_KEPT)] * len(batch)


def _keep(session: Session, batch: Sequence[Incoming], runtime: Runtime) -> list[Result]:
    """The shops are read in the transaction that keeps their deliveries: nobody here remembers a shop
    that has left since."""
    now = runtime.clock()
    ids = shops.find_ids(session, {one.delivery.shop_domain for one in batch})
    homes = [ids.get((one.platform, one.delivery.shop_domain)) for one in batch]
    known = [(home, one) for home, one in zip(homes, batch, strict=True) if home is not None]
    told = [(home, one.delivery) for home, one in known]
    is_new = iter(inbox.record_deliveries(session, told, now=now) if told else [])
    results = []
    for home, one in zip(homes, batch, strict=True):
        if home is None:
            results.append(Result(Outcome.UNKNOWN_SHOP))
        elif next(is_new):
            if one.is_farewell:
                _leave(session, home, one.delivery, runtime)
            results.append(Result(Outcome.NEW, home))
        else:
            results.append(Result(Outcome.KNOWN))
    return results


def _leave(session: Session, shop_id: int, delivery: Delivery, runtime: Runtime) -> None:
    """The one thing that is done before the answer: no worker may go on with a shop that is gone."""
    shop = shops.get_shop(session, shop_id)
    if shop.status in ("active", "needs_merchant"):
        leaving.uninstall(
            session, shop, told_at=delivery.triggered_at, now=runtime.clock(), cause=delivery.topic
        )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
