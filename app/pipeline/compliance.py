"""What the law asks a shop to do today about its late orders, with the words to send."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from app.core.regimes import NoticeKind, Obligations, OrderFacts, Regime, duties_of
from app.core.working_days import EVERY_DAY, WorkingDays
from app.db import due_orders, showing
from app.db.due_orders import DueOrder
from app.db.models import Order, Shop
from app.db.notices import WaitingOrder, record_notice, waiting_orders
from app.pipeline.calendars import working_days_of
from app.pipeline.context import local_day, zone_of
from app.pipeline.wording import day_in_words

# Directive 2011/83/EU, Article 11a, in force since 2026-06-19: a shop that sells online must have it.
_WITHDRAWAL = (
    ' To withdraw from the contract, use the function labeled "withdraw from contract here" in our '
    "online shop."
)
# What every week has where nobody said in which country the shop is.
_ORDINARY_WEEK = WorkingDays(weekend=frozenset({5, 6}))


@dataclass(frozen=True, slots=True)
class Obligation:
    """One order, and what to do about it by when. `regime` is the law that asks for a notice (None:
    nothing is to be sent)."""

    order: WaitingOrder
    act: str
    by: date
    regime: Regime | None = None

    @property
    def words(self) -> str:
        """What to send; of a hundred thousand orders few are looked at."""
        return "" if self.regime is None else notice_words(self.order, self.regime)


def duties_today(session: Session, shop: Shop, *, now: datetime) -> list[Obligation]:
    """What is to be done about waiting orders, most pressing first: every notice that is owed (the rule
    asks for it as soon as the delay is known; `by` is the last day), and every refund. Empty without a
    regime."""
    regime = Regime(shop.regime)
    found = (_due(each, regime) for each in waiting_orders(session, shop.id, _judge_of(shop, now)))
    return sorted((each for each in found if each is not None), key=_most_pressing_first)


def _most_pressing_first(task: Obligation) -> tuple[date, datetime, int]:
    return (task.by, task.order.placed_at, task.order.order_id)


def with_duties(
    session: Session, shop: Shop, orders: Sequence[DueOrder], *, now: datetime
) -> list[DueOrder]:
    """The same orders, each with whether its buyer must be told of the delay by a tag of ours."""
    owing = _owing(session, shop, now, order_ids=[order.order_id for order in orders])
    return [
        replace(order, state=replace(order.state, owes_notice=order.order_id in owing))
        for order in orders
    ]


def compare_duties(session: Session, shop: Shop, *, now: datetime) -> None:
    """Have every order judged that says otherwise than it is whether its buyer must be told."""
    owing, saying = _owing(session, shop, now), showing.orders_saying_notice(session, shop.id)
    due_orders.judge_orders(session, shop.id, owing ^ saying, at=now)


def log_notice(
    session: Session,
    order: Order,
    kind: NoticeKind,
    *,
    revised_on: date | None,
    by: str,
    now: datetime,
) -> None:
    """A buyer was told, or answered, now: what the order obliges to is judged anew."""
    record_notice(session, order, kind, at=now, revised_on=revised_on, by=by, now=now)
    due_orders.judge_orders(session, order.shop_id, [order.order_id], at=now)


def _owing(
    session: Session, shop: Shop, now: datetime, *, order_ids: Collection[int] | None = None
) -> set[int]:
    """The orders that must be tagged; none where the merchant does not want it."""
    if not shop.tags_delay_notices or shop.regime == Regime.NONE:
        return set()
    waiting = waiting_orders(session, shop.id, _judge_of(shop, now), order_ids=order_ids)
    return {each.order_id for each in waiting if each.duties.notice_due is not None}


def _judge_of(shop: Shop, now: datetime) -> Callable[[OrderFacts], Obligations | None]:
    """Orders placed on one day and expected on one day are the same to the law while nobody was told
    anything: each such pair is judged once."""
    today, zone = local_day(now, shop.time_zone), zone_of(shop.time_zone)
    judge = partial(
        duties_of,
        regime=Regime(shop.regime),
        today=today,
        zone=zone,
        working_days=_working_days(shop, today),
    )
    judged: dict[tuple[date, date | None, date | None], Obligations | None] = {}

    def judge_once(facts: OrderFacts) -> Obligations | None:
        if facts.notices:
            return judge(facts)
        key = (facts.placed_at.astimezone(zone).date(), facts.stated_on, facts.expected_on)
        if key not in judged:
            judged[key] = judge(facts)
        return judged[key]

    return judge_once


def _due(order: WaitingOrder, regime: Regime) -> Obligation | None:
    duties = order.duties
    if duties.is_cancelled:
        return None if duties.refund_due is None else Obligation(order, "refund", duties.refund_due)
    if duties.notice_due is not None:
        act = "notice, with express consent" if duties.consent_needed else "notice"
        return Obligation(order, act, duties.notice_due, regime)
    if duties.consent_by is not None:
        return Obligation(order, "wait for consent", duties.consent_by)
    return None


def notice_words(order: WaitingOrder, regime: Regime) -> str:
    """The words of a notice, in English: a lawyer's language is not translated by a machine."""
    duties = order.duties
    day = day_in_words(order.expected_on, "en") if order.expected_on else None
    when = f"by {day}" if day else "at a time that we do not know yet"
    told = f"Your order {order.name} is delayed. We now expect to ship it {when}."
    if regime in {Regime.EU, Regime.UK}:
        limit = day_in_words(duties.promise_by, "en") if duties.promise_by else ""
        return (
            f"{told} We had to deliver by {limit}. Please tell us whether you agree to the new time; "
            "if you do not, you may cancel, and we will refund all you paid without undue delay."
            + (_WITHDRAWAL if regime is Regime.EU else "")
        )
    if regime is Regime.AU:
        return (
            f"{told} That is later than the time we stated, or than is reasonable where we stated none. "
            "Please tell us whether you agree to the new time; if you do not, we will cancel the order "
            "and refund all you paid for what we have not supplied."
        )
    if duties.consent_needed:
        answer = (
            "Please tell us whether you agree to wait. If you do not answer in time, we will cancel "
            "the order and refund you in full."
        )
    else:
        answer = "If we do not hear from you, we take it that you agree to wait."
    return (
        f"{told} You may cancel now for a full and prompt refund, at no cost to you: reply to this "
        f"message. {answer}"
    )


def _working_days(shop: Shop, today: date) -> WorkingDays:
    known = working_days_of(shop.country, today.year)
    return _ORDINARY_WEEK if known is EVERY_DAY else known
