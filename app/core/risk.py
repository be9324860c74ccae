"""How likely it is that what was promised will be late.

The day we name now is kept by so large a share as the merchant chose, whatever the supplier does. What
can be late is the word that was given: the first day promised. The chance comes from the distribution
that the days themselves come from (see `app.core.lead_times`), given how long it has taken already.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from app.core.decide import Decided
from app.core.habit import Habit
from app.core.model import Arrival, Basis
from app.core.steps import Step

AT_RISK_PERCENT = 30
"""From so many percent on a promise is at risk: three times what a promise of nine in ten takes."""

ReadyOn = Callable[[date], Sequence[Step]]


def late_percents(
    queue: Sequence[Decided],
    promised: Mapping[int, date],
    *,
    today: date,
    ready_on: ReadyOn,
    lead_time: Habit | None,
    short_since: Mapping[int, date],
) -> dict[int, int | None]:
    """The chance, in percent, that each short line of a pool is served after the day it was promised
    for; `promised` and `short_since` by order. None where nothing is known of it."""
    latest: dict[date, date | None] = {}
    percents: dict[int, int | None] = {}
    for each in queue:
        order_id = each.allocation.line.order_id
        day = promised.get(order_id)
        if each.promise.short == 0 or day is None:
            continue
        if day not in latest:
            latest[day] = latest_arrival(day, today=today, ready_on=ready_on)
        since = short_since.get(order_id, today)
        chance = _chance(each, latest[day], today, lead_time, since)
        percents[order_id] = None if chance is None else round(100 * chance)
    return percents


def latest_arrival(promised: date, *, today: date, ready_on: ReadyOn) -> date | None:
    """The last day on which it may be there to be sent as promised; None if today is too late."""
    if _sent(today, ready_on) > promised:
        return None
    day = promised
    while _sent(day, ready_on) > promised:
        day -= timedelta(days=1)
    return day


def chance_after(arrival: Arrival, by: date, *, today: date) -> float | None:
    """The chance that the arrival is there after `by`, by how its supplier delivers; its supplier's own
    later day is believed. None where nothing is known of the supplier."""
    if by < today:
        return 1.0
    if arrival.ordered_on is not None:
        return _after_order(arrival.habit, arrival.ordered_on, by, today)
    announced = arrival.announced_on or arrival.expected_on
    if announced > by:
        return 1.0
    if arrival.habit is None:
        return None
    first = arrival.first_expected_on or announced
    passed = (today - first).days
    return arrival.habit.chance_after((by - first).days, passed=passed if passed > 0 else None)


def _chance(
    each: Decided, by: date | None, today: date, lead_time: Habit | None, since: date
) -> float | None:
    """Of several deliveries the least sure one counts: they are often late together."""
    if each.promise.basis is Basis.UNKNOWN:
        return None
    if by is None:
        return 1.0
    if each.promise.basis is Basis.ARRIVAL:
        known = [chance_after(share.arrival, by, today=today) for share in each.allocation.shares]
        return max((chance for chance in known if chance is not None), default=None)
    return _after_order(lead_time, since, by, today)


def _after_order(lead_time: Habit | None, ordered_on: date, by: date, today: date) -> float | None:
    if lead_time is None:
        return None
    passed = (today - ordered_on).days
    return lead_time.chance_after((by - ordered_on).days, passed=passed if passed > 0 else None)


def _sent(day: date, ready_on: ReadyOn) -> date:
    steps = ready_on(day)
    return steps[-1].day if steps else day
