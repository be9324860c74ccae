"""How likely the promises of an item are to be late: worked out whenever its queue is."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from app.core.decide import Decided, PoolState
from app.core.risk import late_percents
from app.db.risk import record_late_percents, words_given
from app.pipeline.lead_time_policy import LeadTimePolicy


def record_risk(
    session: Session,
    shop_id: int,
    terms: LeadTimePolicy,
    pools: Mapping[int, PoolState],
    decided: Mapping[int, Sequence[Decided]],
) -> None:
    """Keep how likely each line of the item is to be late, by what is decided of it now."""
    words = words_given(session, shop_id, terms.item_id)
    found = {
        location_id: late_percents(
            queue,
            {
                word.order_id: word.first_expected_on
                for word in words
                if word.location_id == location_id and word.first_expected_on is not None
            },
            today=terms.today,
            ready_on=terms.ready_on,
            lead_time=terms.lead_time,
            short_since=pools[location_id].short_since,
        )
        for location_id, queue in decided.items()
    }
    changed = {
        (word.order_id, word.location_id): percent
        for word in words
        if (percent := found.get(word.location_id, {}).get(word.order_id)) != word.late_percent
    }
    record_late_percents(session, shop_id, terms.item_id, changed)
