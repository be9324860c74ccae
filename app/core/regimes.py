"""The clock of the law: by when an order must be shipped, and what late ones oblige to.

Not legal advice: the rules as they are published, so that nothing is overlooked. Nothing is cancelled,
refunded or mailed by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from app.core.working_days import WorkingDays

_LIMIT = timedelta(days=30)
_REFUND_WORKING_DAYS = 7


class Regime(StrEnum):
    """Which law a shop has its orders watched by."""

    NONE = "none"
    US_MITOR = "us-mitor"
    """The Mail, Internet, or Telephone Order Merchandise Rule, 16 CFR part 435."""
    EU = "eu"
    """Directive 2011/83/EU on consumer rights, Article 18."""
    UK = "uk"
    """Consumer Rights Act 2015, section 28: https://www.legislation.gov.uk/ukpga/2015/15/section/28"""
    AU = "au"
    """Australian Consumer Law (Competition and Consumer Act 2010, Schedule 2), section 36(4): what is
    paid for must be supplied within the time stated, else within a reasonable time, which the law counts
    in no days: https://www.accc.gov.au/consumers/sales-delivery/non-delivery-of-products-services"""


class NoticeKind(StrEnum):
    """An entry of the log of notices."""

    DELAY = "delay notice"
    CONSENT = "consent"
    REFUSAL = "refusal"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Notice:
    """What was told, or answered, when; `revised_on` is the day a delay notice named (None: unknown)."""

    at: datetime
    kind: NoticeKind
    revised_on: date | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the clock of one waiting order is set by. `stated_on` is the day by which the shop said, at
    the time of ordering, that it would ship (None: it said none); `expected_on` is the day on which it
    is expected to now (None: unknown)."""

    placed_at: datetime
    expected_on: date | None
    stated_on: date | None = None
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True)
class Obligations:
    """What an order obliges to. It must be gone by `promise_by` (None: the buyer agreed to wait as long
    as it takes). A notice must be given by `notice_due`, or the buyer must answer by `consent_by`;
    without either the money goes back by `refund_due`. `rule` says so in words, with its `source`."""

    promise_by: date | None
    notice_due: date | None = None
    consent_needed: bool = False
    consent_by: date | None = None
    refund_due: date | None = None
    is_cancelled: bool = False
    rule: str = ""
    source: str = ""


def obligations_of(
    facts: OrderFacts, regime: Regime, *, today: date, zone: tzinfo, working_days: WorkingDays
) -> Obligations | None:
    """The obligations by the shop's law, None without one. Days are those of `zone`, the shop's; all
    count, but for the refund, which US law counts in `working_days`."""
    if regime is Regime.NONE:
        return None
    clock = _Clock(facts, zone, working_days)
    if regime is Regime.US_MITOR:
        return clock.by_us_rule(today)
    return clock.by_delivery_rule(today, _DELIVERY_LAWS[regime])


TURNING_DAYS = (_LIMIT.days, 2 * _LIMIT.days)
"""What every law tells apart of the orders of one day, as long as nothing is logged of their buyers and
no day was stated: whether one is expected within the first number of days, within the second, later, or
nobody knows when."""


@dataclass(frozen=True, slots=True)
class _State:
    """How far the log has come: the day that holds now, how many delays were told in time, and, where
    an answer is out, by when it must come and which day it would make hold."""

    limit: date | None
    delays: int = 0
    consent_by: date | None = None
    asked_for: date | None = None
    ended_on: date | None = None
    is_refunded: bool = False


class _Clock:
    def __init__(self, facts: OrderFacts, zone: tzinfo, working_days: WorkingDays) -> None:
        self._facts, self._zone, self._working_days = facts, zone, working_days
        placed_on = facts.placed_at.astimezone(zone).date()
        self._original = facts.stated_on or placed_on + _LIMIT

    def by_us_rule(self, today: date) -> Obligations:
        state = _State(self._original)
        for notice in sorted(self._facts.notices, key=lambda each: each.at):
            state = self._after_us(state, notice)
        return self._us_obligations(state, today)

    def _after_us(self, state: _State, notice: Notice) -> _State:
        """435.2(b): the first notice that names a day within 30 days of the original one is agreed to by
        silence; a later or unknown day, and every further notice, needs an express answer."""
        on = notice.at.astimezone(self._zone).date()
        if notice.kind is NoticeKind.REFUND:
            return replace(state, is_refunded=True)
        if state.ended_on or (_is_past(state.consent_by, on)) or _is_past(state.limit, on):
            return state  # 435.2(c): too late, the order counts as cancelled already
        if notice.kind is NoticeKind.REFUSAL:
            return replace(state, ended_on=on)
        if notice.kind is NoticeKind.CONSENT:
            return replace(state, limit=state.asked_for, consent_by=None) if state.consent_by else state
        revised = notice.revised_on
        if state.delays == 0 and revised is not None and revised <= self._original + _LIMIT:
            return replace(state, limit=max(revised, self._original), delays=1)
        by = self._original + _LIMIT if state.delays == 0 else state.limit
        return replace(state, limit=None, delays=state.delays + 1, consent_by=by, asked_for=revised)

    def _us_obligations(self, state: _State, today: date) -> Obligations:
        source = "16 CFR 435.2"
        if state.is_refunded:
            return Obligations(
                state.limit, is_cancelled=True, rule="The buyer was refunded.", source=source
            )
        if state.ended_on:
            return self._cancelled(state.ended_on, "The buyer does not want to wait", f"{source}(c)(1)")
        if state.consent_by:
            if today > state.consent_by:
                words = "No consent came in time, so the order counts as canceled"
                return self._cancelled(state.consent_by, words, f"{source}(c)")
            return Obligations(
                state.consent_by,
                consent_needed=True,
                consent_by=state.consent_by,
                refund_due=self._refund_by(state.consent_by),
                rule="The buyer must agree in words; if not, the order is canceled and refunded.",
                source=f"{source}(b)",
            )
        return self._us_waiting(state, today, source)

    def _us_waiting(self, state: _State, today: date, source: str) -> Obligations:
        limit, expected = state.limit, self._facts.expected_on
        if expected is None and state.delays:
            expected = limit  # nobody knows better than the notice that named this day
        if limit is None:
            words = "The buyer agreed to wait without a date, and may cancel until it ships."
            return Obligations(None, rule=words, source=f"{source}(b)(1)(iii)")
        if today > limit:
            words = "It was not shipped and the buyer was not told in time, so it counts as canceled"
            return self._cancelled(limit, words, f"{source}(c)")
        if expected is not None and expected <= limit:
            words = "It is expected to ship in time."
            return Obligations(limit, rule=words, source=f"{source}(a)")
        needs = state.delays > 0 or expected is None or expected > self._original + _LIMIT
        silence = "silence cancels the order" if needs else "silence is consent"
        return Obligations(
            limit,
            notice_due=limit,
            consent_needed=needs,
            refund_due=self._refund_by(limit),
            rule=f"By then, offer the buyer to wait or to cancel for a full refund; {silence}.",
            source=f"{source}(b)",
        )

    def _cancelled(self, on: date, words: str, source: str) -> Obligations:
        return Obligations(
            on,
            refund_due=self._refund_by(on),
            is_cancelled=True,
            rule=f"{words}: refund in full, within seven working days.",
            source=f"{source}, 435.1(f)",
        )

    def _refund_by(self, day: date) -> date:
        return self._working_days.nth_after(day, _REFUND_WORKING_DAYS)

    def by_delivery_rule(self, today: date, law: "_DeliveryLaw") -> Obligations:
        """30 days unless another day was stated; then the buyer may set a fitting further time and, if
        that passes too, leave, and is refunded without undue delay. The EU and the UK say the same;
        Australia asks for a reasonable time where none was stated, for which 30 days are taken here."""
        on_time, on_leaving = law.on_time, law.on_leaving
        limit, ended_on, is_refunded = self._original, None, False
        asked_for: date | None = None
        is_told = False
        for notice in sorted(self._facts.notices, key=lambda each: each.at):
            if notice.kind is NoticeKind.DELAY:
                asked_for, is_told = notice.revised_on, True
            elif notice.kind is NoticeKind.CONSENT and asked_for:
                limit, is_told = max(limit, asked_for), False
            elif notice.kind is NoticeKind.REFUSAL:
                ended_on = notice.at.astimezone(self._zone).date()
            elif notice.kind is NoticeKind.REFUND:
                is_refunded = True
        if is_refunded:
            return Obligations(
                limit, is_cancelled=True, rule="The buyer was refunded.", source=on_leaving
            )
        if ended_on:
            words = "The buyer has withdrawn: refund all sums without undue delay."
            return Obligations(
                limit, refund_due=ended_on, is_cancelled=True, rule=words, source=on_leaving
            )
        expected = self._facts.expected_on
        if expected is not None and expected <= limit:
            return Obligations(limit, rule="It is expected to ship in time.", source=on_time)
        if expected is None and asked_for is not None and asked_for <= limit:
            words = "By the merchant's own word it ships in time."
            return Obligations(limit, rule=words, source=on_time)
        words = "Only a later day that the buyer agrees to moves the limit; after it they may leave."
        if today > limit:
            words = law.passed
        if is_told and (expected is None or (asked_for is not None and expected <= asked_for)):
            return Obligations(limit, consent_needed=True, consent_by=limit, rule=words, source=on_time)
        return Obligations(limit, notice_due=limit, consent_needed=True, rule=words, source=on_time)


class _DeliveryLaw(NamedTuple):
    """The sources of a law that counts to the delivery: of its time, and of what a buyer gets who
    leaves; and what holds once the time has passed."""

    on_time: str
    on_leaving: str
    passed: str = "The time for delivery has passed: the buyer may set a further time, and then leave."


_AUSTRALIAN = "Australian Consumer Law, section 36(4)"
_DELIVERY_LAWS = {
    Regime.EU: _DeliveryLaw(
        "Directive 2011/83/EU, Article 18(1) and (2)", "Directive 2011/83/EU, Article 18(3)"
    ),
    Regime.UK: _DeliveryLaw(
        "Consumer Rights Act 2015, section 28(3) to (8)", "Consumer Rights Act 2015, section 28(9)"
    ),
    Regime.AU: _DeliveryLaw(
        _AUSTRALIAN,
        _AUSTRALIAN,
        "The time stated has passed; where none was stated, 30 days have: the law says a reasonable "
        "time, and counts no days. Agree on a new day with the buyer, or refund.",
    ),
}


def _is_past(limit: date | None, day: date) -> bool:
    return limit is not None and day > limit
