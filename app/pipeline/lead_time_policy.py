"""On which terms an item is promised: how it comes, when the shop works, how cautious it wants to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from app.core.bounds import is_possible
from app.core.closing import NO_CUT_OFF, CutOff, cut_off_of, read_closing_days
from app.core.decide import Sooner
from app.core.foresee import foresee, of_cases, on_a_working_day
from app.core.habit import Habit
from app.core.kinds import Kind
from app.core.lead_times import Experience
from app.core.model import Allocatable, Arrival
from app.core.steps import Step, in_days, wait
from app.core.undated import by_lead_time
from app.core.working_days import WorkingDays, first_of_both
from app.db.lead_times import experience_of, supplier_of
from app.db.models import Shop, StockItem
from app.pipeline.calendars import NO_CALENDARS, Calendars, calendars_of, working_days_of
from app.pipeline.context import local_day, zone_of

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class LeadTimePolicy:
    """All of an item but its queues that its dates depend on. `lead_time_words` say where the lead time
    comes from, or why there is none, and `lead_time` is all that is known of it where it was learned;
    nothing is sent before `not_before`."""

    today: date
    lead_time_days: int | None
    lead_time_words: str
    lead_time: Habit | None
    not_before: date
    working_days: WorkingDays
    handling_days: int
    item_id: int
    experience: Experience
    share: float
    calendars: Calendars = NO_CALENDARS
    cut_off: CutOff = NO_CUT_OFF
    says_range: bool = False

    def ready_on(self, day: date) -> tuple[Step, ...]:
        """By which steps what comes on that day can be sent; none where it can be at once."""
        steps: list[Step] = []
        taken_in = self.working_days.first_from(day)
        if taken_in != day:
            steps.append(wait("closed until", day, until=taken_in))
        if self.cut_off.has_passed and taken_in == self.today:
            taken_in = self.working_days.nth_after(taken_in, 1)
            steps.append(wait("after the cut-off, moved to", self.today, until=taken_in))
        sent = self.working_days.after(taken_in, self.handling_days)
        if self.handling_days:
            count = in_days(self.handling_days).replace(" ", " business ")
            steps.append(wait(f"plus {count} of handling", taken_in, until=sent))
        if sent < self.not_before:
            steps.append(
                Step("not before its release date", self.not_before, not_before=self.not_before)
            )
        ready = max(sent, self.not_before)
        leaves = first_of_both(self.working_days, self.calendars.carrier, ready)
        if leaves != ready:
            is_open = self.working_days.is_working_day(ready)
            words = "next carrier pickup" if is_open else "closed until"
            steps.append(wait(words, ready, until=leaves))
        return tuple(steps)

    def counted_from(
        self, lines: Iterable[Allocatable], since: Mapping[int, datetime], now: datetime
    ) -> dict[int, date]:
        """The day from which the lead time of an order counts that came after the cut-off, by order;
        `since` when it was short first, in the shop's zone (one that nothing was said of is short
        `now`). An order of that day came when it was placed, however late we read it."""
        if self.cut_off.hour is None:
            return {}
        found: dict[int, date] = {}
        for line in lines:
            moment = since.get(line.order_id, now)
            placed = line.placed_at.astimezone(now.tzinfo)
            if placed.date() == moment.date():
                moment = min(moment, placed)
            if self.cut_off.is_after(moment):
                found[line.order_id] = self.working_days.nth_after(moment.date(), 1)
        return found

    def foresee(
        self, arrivals: Mapping[int, Sequence[Arrival]], *, share: float | None = None
    ) -> dict[int, list[Arrival]]:
        """The arrivals, by location, on the days by which they will be there in that `share` of cases,
        the shop's own unless told otherwise."""
        wanted = self.share if share is None else share
        lateness = partial(self.experience.lateness, self.item_id)
        lead_time = partial(self.experience.lead_time, self.item_id)
        found: dict[int, list[Arrival]] = {}
        for location_id, each in arrivals.items():
            dated = foresee(_announced(each), lateness, share=wanted, today=self.today)
            dated += by_lead_time(_unannounced(each), lead_time, share=wanted, today=self.today)
            found[location_id] = [
                on_a_working_day(one, self.calendars.of_supplier(one.supplier)) for one in dated
            ]
        return found

    def sooner(self, arrivals: Mapping[int, Sequence[Arrival]]) -> Sooner | None:
        """The same as half of all cases come, where the shop tells days as a range."""
        if not self.says_range:
            return None
        foreseen = self.foresee(arrivals, share=_HALF).values()
        days = self.lead_time_days
        if self.lead_time is not None and days is not None:
            days = min(days, max(0, self.lead_time.within(_HALF)))
        return Sooner({one.arrival_id: one for each in foreseen for one in each}, days)


def _announced(arrivals: Sequence[Arrival]) -> list[Arrival]:
    return [one for one in arrivals if one.ordered_on is None]


def _unannounced(arrivals: Sequence[Arrival]) -> list[Arrival]:
    return [one for one in arrivals if one.ordered_on is not None]


def terms_of(session: Session, shop: Shop, item: StockItem, *, now: datetime) -> LeadTimePolicy:
    """The terms of one item as they are now."""
    today = local_day(now, shop.time_zone)
    experience = experience_of(
        session, shop.id, now=now, local_day=partial(local_day, time_zone=shop.time_zone)
    )
    supplier = supplier_of(session, shop.id, item.item_id)
    release_on = release_of(item)
    days, words, learned = _lead_time(shop, item, experience, supplier, today)
    return LeadTimePolicy(
        today,
        days,
        words,
        learned,
        release_on or today,
        working_days_of(shop.country, today.year).but(read_closing_days(shop.closing_days)),
        shop.handling_days,
        item.item_id,
        experience,
        shop.promise_quantile,
        calendars_of(shop, today.year),
        cut_off_of(shop.cut_off, now.astimezone(zone_of(shop.time_zone))),
        shop.says_range,
    )


def release_of(item: StockItem) -> date | None:
    """When a preorder comes out; None where that is not known, or was kept as a day that means so."""
    day = item.release_on if item.kind == Kind.PREORDER else None
    return day if day is not None and is_possible(day) else None


def _lead_time(
    shop: Shop, item: StockItem, experience: Experience, supplier: str, today: date
) -> tuple[int | None, str, Habit | None]:
    """How long a restock takes, and how we know. A figure that was typed for the item gives way only to
    what the item itself, or its supplier, has taught."""
    if item.kind == Kind.DISCONTINUED:
        return None, "it will not be restocked", None
    release_on = release_of(item)
    if release_on is not None:
        is_to_come = release_on >= today
        words = "its release date" if is_to_come else "its release date has passed"
        return 0 if is_to_come else None, words, None
    habit = experience.lead_time(item.item_id, supplier)
    if habit is not None and (item.lead_time_days is None or not habit.is_of_shop):
        days = max(0, habit.within(shop.promise_quantile))
        cases = f"in {of_cases(shop.promise_quantile)} ({habit.cases} cases)"
        words = f"a lead time of {in_days(days)} ({habit.whose} took that long or less {cases})"
        return days, words, habit
    configured = shop.lead_time_days if item.lead_time_days is None else item.lead_time_days
    if configured is None:
        return None, "no lead time is set", None
    return configured, f"the usual lead time ({in_days(configured)})", None
