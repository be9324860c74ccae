"""How likely the promises of an item are to be late: worked out whenever its queue is."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from app.core.decide import Decided, PoolState
from app.core.risk import late_percents
from app.db.promises import promises_of_item
from app.db.risk import record_late_percents
from app.pipeline.lead_time_policy import LeadTimePolicy


def record_risk(
    session: Session,
    shop_id: int,
    terms: LeadTimePolicy,
    pools: Mapping[int, PoolState],
    decided: Mapping[int, Sequence[Decided]],
) -> None:
    """Keep how likely each line of the item is to be late, by what is decided of it now."""
    rows = promises_of_item(session, shop_id, terms.item_id)
    percents: dict[tuple[int, int], int | None] = {}
    for location_id, queue in decided.items():
        found = late_percents(
            queue,
            {
                order_id: row.first_expected_on
                for (order_id, at), row in rows.items()
                if at == location_id and row.short and row.first_expected_on is not None
            },
            today=terms.today,
            ready_on=terms.ready_on,
            lead_time=terms.lead_time,
            short_since=pools[location_id].short_since,
        )
        percents |= {(order_id, location_id): percent for order_id, percent in found.items()}
    record_late_percents(session, shop_id, terms.item_id, percents)
