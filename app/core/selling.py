"""Whether an item may be sold on although none is left for the next buyer, and how far.

While orders wait, whatever is sold on top waits behind them. Two things bound that, by the merchant's
wish: what deliveries with a date leave over for more buyers, and the longest wait that one of them may
be put to. Pure: told what there is and what comes, it says how many units more, and why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.core.steps import in_days, short_day
from app.core.takeback import Value, Wanted


class SellingPolicy(StrEnum):
    """When selling on is stopped."""

    OFF = "off"
    DATED = "dated"
    """Where no delivery with a date has a unit left for one more buyer."""
    WAIT = "wait"
    """Where one more buyer would wait too long, by a delivery or by the lead time."""


class SellingRule(NamedTuple):
    """What the merchant allows: with `longest_wait_days` nobody is to wait longer than that, with
    `most_ahead` no more units of an item are to wait at once. `keeps_restocks`: units on hand that are
    owed to orders which wait may be taken out of what is for sale."""

    policy: SellingPolicy
    longest_wait_days: int | None = None
    most_ahead: int | None = None
    keeps_restocks: bool = False


class SettingName(StrEnum):
    """What a platform lets us set of how an item is sold."""

    POLICY = "policy"
    """Whether the shop sells on when nothing is left: CONTINUE or DENY."""
    BACKORDER_LIMIT = "backorder limit"
    """How many units may be sold beyond what is on hand, at a location; None: without limit."""
    SAFETY_STOCK = "safety stock"
    """How many units on hand are not sold, at a location."""


class Coming(NamedTuple):
    """Units of a delivery, and the day on which they can be sent."""

    on: date
    units: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """An item as the next buyer meets it. `free` units are there for new orders, all locations together:
    below zero by what waits. `coming` is what is expected; one that nobody has ordered of the supplier
    yet could be sent on `lead_time_on` (None: nobody knows). `is_over`: it will not be restocked."""

    free: int
    coming: Sequence[Coming] = ()
    lead_time_on: date | None = None
    is_over: bool = False

    @property
    def waiting(self) -> int:
        """Units that wait for stock."""
        return max(0, -self.free)


class Reason(StrEnum):
    """Why selling on is bounded as it is."""

    IN_STOCK = "in stock"
    DELIVERIES = "deliveries"
    LEAD_TIME = "lead time"
    USED_UP = "used up"
    NONE_SCHEDULED = "none scheduled"
    TOO_LONG = "too long"
    LIMIT = "limit"
    OVER = "over"


class Wish(NamedTuple):
    """What is to be done about an item: sell `more` units that are not there yet (None: as many as
    there are buyers), and why, in words. `is_in_stock`: there are units for the next buyer."""

    more: int | None
    is_in_stock: bool
    reason: Reason
    words: str

    @property
    def stops(self) -> bool:
        """Whether the next buyer is to be turned away."""
        return self.more == 0 and not self.is_in_stock


def decide_selling(outlook: Outlook, rule: SellingRule, *, today: date) -> Wish:
    """How far an item may be sold on."""
    coming = sorted(one for one in outlook.coming if one.units > 0)
    in_time = [one for one in coming if not _is_late(one.on, rule, today)]
    more, reason = _by_supply(outlook, rule, in_time, today)
    if rule.most_ahead is not None:
        room = max(0, rule.most_ahead - outlook.waiting)
        if more is None or room < more:
            more, reason = room, Reason.LIMIT
    if more == 0 and reason is not Reason.LIMIT:
        reason = _why_none(outlook, coming, in_time, rule)
    words = _in_words(reason, outlook, coming, in_time, rule)
    if outlook.free > 0:
        reason, words = Reason.IN_STOCK, f"{outlook.free} in stock for the next buyers"
    return Wish(more, outlook.free > 0, reason, words)


def _is_late(day: date, rule: SellingRule, today: date) -> bool:
    """Whether a buyer of today would have to wait longer than is allowed."""
    days = rule.longest_wait_days
    return days is not None and day > today + timedelta(days=days)


def _by_supply(
    outlook: Outlook, rule: SellingRule, in_time: Sequence[Coming], today: date
) -> tuple[int | None, Reason]:
    lead_time_on = None if outlook.is_over else outlook.lead_time_on
    if (
        rule.policy is SellingPolicy.WAIT
        and lead_time_on is not None
        and not _is_late(lead_time_on, rule, today)
    ):
        return None, Reason.LEAD_TIME
    units = sum(one.units for one in in_time)
    return max(0, min(0, outlook.free) + units), Reason.DELIVERIES


def _why_none(
    outlook: Outlook, coming: Sequence[Coming], in_time: Sequence[Coming], rule: SellingRule
) -> Reason:
    if _too_late_for_one_more(outlook, coming, rule) is not None:
        return Reason.TOO_LONG
    if in_time:
        return Reason.USED_UP
    return Reason.OVER if outlook.is_over else Reason.NONE_SCHEDULED


def _too_late_for_one_more(outlook: Outlook, coming: Sequence[Coming], rule: SellingRule) -> date | None:
    """The day on which one more buyer would be served, where there is one: it is too late then."""
    room = min(0, outlook.free)
    for one in coming:
        room += one.units
        if room > 0:
            return one.on
    if rule.policy is SellingPolicy.WAIT and not outlook.is_over:
        return outlook.lead_time_on
    return None


def _in_words(
    reason: Reason,
    outlook: Outlook,
    coming: Sequence[Coming],
    in_time: Sequence[Coming],
    rule: SellingRule,
) -> str:
    short = outlook.waiting
    who = "1 unit is backordered" if short == 1 else f"{short} units are backordered"
    if not short:
        who = "none is in stock"
    units = sum(one.units for one in in_time)
    day = short_day(in_time[-1].on) if in_time else ""
    cover = f"the delivery of {day} covers" if len(in_time) == 1 else f"deliveries until {day} cover"
    late = _too_late_for_one_more(outlook, coming, rule) if reason is Reason.TOO_LONG else None
    wait = in_days(rule.longest_wait_days or 0)
    return {
        Reason.IN_STOCK: "",
        Reason.DELIVERIES: f"{who}, {cover} {units}",
        Reason.LEAD_TIME: f"{who}, and the lead time is within what you allow",
        Reason.USED_UP: f"{who}, {cover} {units}",
        Reason.NONE_SCHEDULED: f"{who}, and no delivery is scheduled",
        Reason.TOO_LONG: f"one more buyer would wait until {late and short_day(late)}, "
        f"longer than {wait}",
        Reason.LIMIT: f"{who}, and no more than {rule.most_ahead} may be",
        Reason.OVER: f"{who}, and it will not be restocked",
    }[reason]


class SellingPoint(NamedTuple):
    """Where an item is sold: the whole shop, or one location. `backordered` units the platform itself
    counts as sold beyond what was on hand; `reserve` units on hand are owed to orders that wait, and it
    would sell them."""

    wish: Wish
    backordered: int = 0
    reserve: int = 0


def reserve_of(*, on_hand: int, free: int, owed: int) -> int:
    """Units on hand that belong to orders which were short, so far as the next buyer could get them."""
    return max(0, min(owed, on_hand - max(0, free)))


def _policy(place: SellingPoint, own: Value) -> Value:
    return "DENY" if place.wish.stops else own


def _limit(place: SellingPoint, own: Value) -> Value:
    """Never more than the merchant has set: we only hold back."""
    more = place.wish.more
    if more is None or place.wish.is_in_stock:
        return own
    most = place.backordered + more
    return min(own, most) if isinstance(own, int) else most


def _safety_stock(place: SellingPoint, own: Value) -> Value:
    return own + place.reserve if isinstance(own, int) else own


_VALUES: Mapping[SettingName, Callable[[SellingPoint, Value], Value]] = {
    SettingName.POLICY: _policy,
    SettingName.BACKORDER_LIMIT: _limit,
    SettingName.SAFETY_STOCK: _safety_stock,
}
# A merchant who has set nothing.
_UNSET: Mapping[SettingName, Value] = {
    SettingName.POLICY: "CONTINUE",
    SettingName.BACKORDER_LIMIT: None,
    SettingName.SAFETY_STOCK: 0,
}


def wanted_value(name: SettingName, place: SellingPoint, own: Value) -> Wanted | None:
    """What a setting is to be that is the merchant's `own` otherwise; None where that may stay."""
    value = _VALUES[name](place, own)
    return None if value == own else Wanted(value)


def is_bounded(names: Iterable[SettingName], place: SellingPoint) -> bool:
    """Whether any of the settings may have to be changed."""
    return any(wanted_value(name, place, _UNSET[name]) is not None for name in names)


def why(name: SettingName, place: SellingPoint) -> str:
    """Why a setting is as it is, in words."""
    if name is not SettingName.SAFETY_STOCK:
        return place.wish.words
    return f"units on hand for orders that wait: {place.reserve}" if place.reserve else ""
