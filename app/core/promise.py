"""When a line's place in the queue is served, and why we think so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from app.core.model import Allocation, Arrival, Basis, Promise

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def still_expected(arrivals: Sequence[Arrival], *, today: date) -> list[Arrival]:
    """The arrivals a promise may stand on: an overdue one of which nothing is foreseen has broken its
    word, and a date in the past helps nobody."""
    return [arrival for arrival in arrivals if arrival.expected_on >= today]


def promise(
    allocation: Allocation,
    *,
    today: date,
    lead_time_days: int | None = None,
    short_since: date | None = None,
) -> Promise:
    """The day on which this line's place in the queue is served.

    On hand first, then the dated arrivals that its units fall into (the last of them counts), then
    the lead time, counted from the day the line was first short (`today` if it is new) but never
    before the arrivals that are used up first, else unknown.
    """
    line, short = allocation.line, allocation.short
    if short == 0:
        return Promise(line, 0, None, Basis.ON_HAND)
    if allocation.unserved == 0:
        return Promise(line, short, allocation.shares[-1].arrival.expected_on, Basis.ARRIVAL)
    if lead_time_days is None:
        return Promise(line, short, None, Basis.UNKNOWN)
    expected_on = _after_lead_time(short_since or today, lead_time_days, today)
    return Promise(line, short, max(expected_on, allocation.not_before or today), Basis.LEAD_TIME)


def promise_queue(
    allocations: Iterable[Allocation],
    *,
    today: date,
    lead_time_days: int | None = None,
    short_since: Mapping[int, date] | None = None,
    ready_on: Callable[[date], date] | None = None,
) -> list[Promise]:
    """The promises of one pool's lines, in queue order; `short_since` by order. Nobody is expected to
    be served before those ahead of them, whose lead time may have started anew. `ready_on` tells when
    what comes on a day can be sent."""
    since_of = (short_since or {}).get
    made, latest = [], today
    for each in allocations:
        if each.short == 0:  # most of a long queue: nothing to work out
            made.append(Promise(each.line, 0, None, Basis.ON_HAND))
            continue
        since = since_of(each.line.order_id)
        said = promise(each, today=today, lead_time_days=lead_time_days, short_since=since)
        if said.expected_on is not None:
            day = said.expected_on if ready_on is None else ready_on(said.expected_on)
            latest = max(day, latest)
            said = said._replace(expected_on=latest)
        made.append(said)
    return made


def _after_lead_time(since: date, days: int, today: date) -> date:
    """The lead time counted from `since`; once that has passed it starts anew, so that the date
    moves once a lead time and not every day."""
    periods = 1 if days == 0 else max(1, -(-(today - since).days // days))
    return max(since + timedelta(days=days * periods), today)


def explain(
    allocation: Allocation,
    made: Promise,
    *,
    on_hand: int,
    lead_time: str = "",
) -> str:
    """The reason for a promise, in a sentence to say aloud; `on_hand` units are in the pool,
    `lead_time` is what to say of the one that counts, or of why there is none."""
    if made.basis is Basis.ON_HAND:
        return f"all {allocation.line.quantity} on hand"
    line = allocation.line
    waiting = (
        f"{made.short} of {line.quantity} short: {max(0, on_hand)} on hand, "
        f"{allocation.owed_before} owed to older orders"
    )
    if made.basis is Basis.ARRIVAL:
        return f"{waiting}; {_share_in_words(allocation)}"
    if made.basis is Basis.LEAD_TIME:
        return f"{waiting}; nothing dated covers it, so {lead_time or 'the usual lead time is taken'}"
    return f"{waiting}; nothing dated covers it and {lead_time or 'no lead time is set'}"


def _share_in_words(allocation: Allocation) -> str:
    share = allocation.shares[-1]
    day = f"{share.arrival.expected_on:%b} {share.arrival.expected_on.day}"
    places = (
        _ordinal(share.first)
        if share.first == share.last
        else f"{_ordinal(share.first)} to {_ordinal(share.last)}"
    )
    verb = "is" if share.first == share.last else "are"
    words = f"{share.arrival.quantity} arrive {day}, yours {verb} the {places} of them"
    return f"{words}; {share.arrival.because}" if share.arrival.because else words


def _ordinal(number: int) -> str:
    is_teen = number // 10 % 10 == 1
    return f"{number}th" if is_teen else f"{number}{_ENDINGS.get(number % 10, 'th')}"
