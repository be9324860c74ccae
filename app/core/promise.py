"""When a line's place in the queue is served, and why we think so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from app.core.model import Allocation, Arrival, Basis, Promise, Share
from app.core.steps import Step, begin, in_days, in_words, short_day

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
    counted_from: date | None = None,
) -> Promise:
    """The day on which this line's place in the queue is served.

    On hand first, then the dated arrivals that its units fall into (the last of them counts), then
    the lead time, counted from the day the line was first short (`today` if it is new), or the later
    one `counted_from`, but never before the arrivals that are used up first, else unknown.
    """
    line, short = allocation.line, allocation.short
    if short == 0:
        return Promise(line, 0, None, Basis.ON_HAND)
    if allocation.unserved == 0:
        arrival = allocation.shares[-1].arrival
        steps = arrival.steps or (begin("announced for", arrival.expected_on),)
        return Promise(line, short, arrival.expected_on, Basis.ARRIVAL, steps)
    if lead_time_days is None:
        return Promise(line, short, None, Basis.UNKNOWN)
    steps = _by_lead_time(short_since or today, lead_time_days, today, counted_from)
    after = allocation.not_before
    if after is not None and after > steps[-1].day:
        words = "after the last scheduled delivery, which earlier orders use up"
        steps = (*steps, Step(words, after, not_before=after))
    return Promise(line, short, steps[-1].day, Basis.LEAD_TIME, steps)


def promise_queue(
    allocations: Iterable[Allocation],
    *,
    today: date,
    lead_time_days: int | None = None,
    short_since: Mapping[int, date] | None = None,
    counted_from: Mapping[int, date] | None = None,
    ready_on: Callable[[date], Sequence[Step]] | None = None,
) -> list[Promise]:
    """The promises of one pool's lines, in queue order; `short_since` and `counted_from` by order.
    Nobody is expected to be served before those ahead of them, whose lead time may have started
    anew. `ready_on` tells by which steps what comes on a day can be sent."""
    since_of, counted_of = (short_since or {}).get, (counted_from or {}).get
    made, latest = [], today
    for each in allocations:
        if each.short == 0:  # most of a long queue: nothing to work out
            made.append(Promise(each.line, 0, None, Basis.ON_HAND))
            continue
        since = since_of(each.line.order_id)
        said = promise(
            each,
            today=today,
            lead_time_days=lead_time_days,
            short_since=since,
            counted_from=counted_of(each.line.order_id),
        )
        if said.expected_on is not None:
            said = _not_before(_made_ready(said, said.expected_on, ready_on), latest)
            latest = said.expected_on or latest
        made.append(said)
    return made


def _made_ready(said: Promise, day: date, ready_on: Callable[[date], Sequence[Step]] | None) -> Promise:
    steps = (*said.steps, *(ready_on(day) if ready_on else ()))
    return said._replace(expected_on=steps[-1].day, steps=steps)


def _not_before(said: Promise, latest: date) -> Promise:
    if said.expected_on is None or said.expected_on >= latest:
        return said
    step = Step("not before earlier orders", latest, not_before=latest)
    return said._replace(expected_on=latest, steps=(*said.steps, step))


def _by_lead_time(
    short_since: date, days: int, today: date, counted_from: date | None
) -> tuple[Step, ...]:
    """The lead time counted from `short_since`, or from where it is counted; once that has passed it
    starts anew, so that the date moves once a lead time and not every day."""
    steps, since = [begin("backordered since", short_since)], short_since
    if counted_from is not None and counted_from > short_since:
        since = counted_from
        steps.append(Step("after the cut-off, moved to", since, not_before=since))
    periods = 1 if days == 0 else max(1, -(-(today - since).days // days))
    day = since + timedelta(days=days * periods)
    again = "" if periods == 1 else f", {_ordinal(periods)} time around"
    if days:
        steps.append(Step(f"plus {in_days(days)}{again}", day, plus=days * periods))
    if day < today:
        steps.append(Step("not before today", today, not_before=today))
    return tuple(steps)


def explain(
    allocation: Allocation,
    made: Promise,
    *,
    on_hand: int,
    lead_time: str = "",
) -> str:
    """The reason for a promise, in sentences to say aloud; `on_hand` units are in the pool,
    `lead_time` is what to say of the one that counts, or of why there is none."""
    words = _explain(allocation, made, on_hand=on_hand, lead_time=lead_time)
    if made.early_on is None:
        return words
    half = f"Half of such orders ship by {short_day(made.early_on)}"
    return f"{words} {half}: {in_words(made.early_steps)}."


def _explain(allocation: Allocation, made: Promise, *, on_hand: int, lead_time: str) -> str:
    if made.basis is Basis.ON_HAND:
        return "In stock."
    said = [_stock_in_words(allocation, max(0, on_hand))]
    if made.basis is Basis.ARRIVAL:
        said += [_share_in_words(allocation), *_after_arrival(allocation, made)]
    elif made.basis is Basis.LEAD_TIME:
        words = f"No delivery is scheduled for it, so the date uses {lead_time or 'the usual lead time'}"
        said.append(f"{words}: {in_words(made.steps)}." if made.steps else f"{words}.")
    else:
        reason = lead_time or "no lead time is set"
        said.append(f"No delivery is scheduled for it, and {reason}.")
    return " ".join(said)


def _stock_in_words(allocation: Allocation, on_hand: int) -> str:
    owed = allocation.owed_before
    units = "1 unit is" if owed == 1 else f"{owed} units are"
    if on_hand and owed:
        return f"{on_hand} in stock, but {units} owed to earlier orders."
    if owed:
        return f"None in stock, and {units} owed to earlier orders."
    if on_hand:
        return f"{on_hand} in stock; this order needs {allocation.line.quantity}."
    return "None in stock."


def _share_in_words(allocation: Allocation) -> str:
    """Which units of the last arrival the line gets, and why that comes when it does."""
    share = allocation.shares[-1]
    arrival = share.arrival
    verb = "arrives" if arrival.quantity == 1 else "arrive"
    words = (
        f"{arrival.quantity} {verb} {short_day(arrival.expected_on)}; this order gets {_places(share)}."
    )
    return f"{words} {_sentence(in_words(arrival.steps))}" if len(arrival.steps) > 1 else words


def _after_arrival(allocation: Allocation, made: Promise) -> list[str]:
    """What comes between the arrival and the day."""
    after = made.steps[max(1, len(allocation.shares[-1].arrival.steps)) :]
    return [_sentence(f"then {in_words(after)}")] if after else []


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _places(share: Share) -> str:
    if share.first == share.last:
        return f"the {_ordinal(share.first)}"
    joint = "and" if share.last == share.first + 1 else "to"
    return f"the {_ordinal(share.first)} {joint} {_ordinal(share.last)}"


def _ordinal(number: int) -> str:
    is_teen = number // 10 % 10 == 1
    return f"{number}th" if is_teen else f"{number}{_ENDINGS.get(number % 10, 'th')}"
