"""Which orders a delivery serves, and what would follow if it were not coming any more."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.db import items, orders
from app.db.models import Shop
from app.pipeline.whatif import Outcome, Standing, outcomes_if, standing_of


@dataclass(frozen=True, slots=True)
class Served:
    """Units of a delivery that an order gets, and when it is expected to have all it waits for of the
    item. `order_id` is 0 where the units are reserved by something else, which `name` says."""

    order_id: int
    name: str
    units: int
    expected_on: date | None


def served_by(
    session: Session, shop: Shop, item_ids: Collection[int], *, now: datetime
) -> dict[int, list[Served]]:
    """What each delivery of these items serves, in queue order, by delivery. Nothing is asked of the
    platform."""
    found: dict[int, list[Served]] = {}
    for item_id in item_ids:
        item = items.find_item(session, shop.id, item_id)
        if item is not None:
            found |= _of_item(session, standing_of(session, shop, item, now=now))
    return found


def _of_item(session: Session, standing: Standing) -> dict[int, list[Served]]:
    found: dict[int, list[Served]] = {}
    decided = [one for queue in standing.decide().values() for one in queue if one.allocation.shares]
    ids = {one.promise.line.order_id for one in decided}
    names = orders.order_names(session, standing.shop.id, ids)
    for allocation, promise in decided:
        line = promise.line
        for share in allocation.shares:
            served = Served(
                0 if line.reserved_by else line.order_id,
                line.reserved_by or names.get(line.order_id, ""),
                share.quantity,
                promise.expected_on,
            )
            found.setdefault(share.arrival.arrival_id, []).append(served)
    return found


def if_not_coming(session: Session, standing: Standing, arrival_id: int) -> list[Outcome]:
    """Every order for which something would change if nothing more of this delivery came."""
    states = {
        location_id: replace(
            state, arrivals=[one for one in state.arrivals if one.arrival_id != arrival_id]
        )
        for location_id, state in standing.states.items()
    }
    return outcomes_if(session, standing, states)
