"""What the law asks a shop to do today about its late orders, with the words to send."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.regimes import TURNING_DAYS, NoticeKind, Obligations, OrderFacts, Regime, obligations_of
from app.core.working_days import EVERY_DAY, WorkingDays
from app.db import due_orders, late_orders, showing
from app.db.due_orders import DueOrder
from app.db.late_orders import Calendar, Cohort
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
_Judge = Callable[[OrderFacts], Obligations | None]
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


def obligations_today(session: Session, shop: Shop, *, now: datetime) -> list[Obligation]:
    """What is to be done about waiting orders, most pressing first: every notice that is owed (the rule
    asks for it as soon as the delay is known; `by` is the last day), and every refund. Empty without a
    regime."""
    return _tasks(shop, waiting_orders(session, shop.id, _judge_of(shop, now)))


def _tasks(shop: Shop, orders: Iterable[WaitingOrder]) -> list[Obligation]:
    regime = Regime(shop.regime)
    found = (_due(each, regime) for each in orders)
    return sorted((each for each in found if each is not None), key=_most_pressing_first)


def _most_pressing_first(task: Obligation) -> tuple[date, datetime, int]:
    return (task.by, task.order.placed_at, task.order.order_id)


@dataclass(frozen=True, slots=True)
class Pressing:
    """The most pressing of what is to be done, and of how many orders something is."""

    tasks: Sequence[Obligation]
    number: int


def most_pressing(session: Session, shop: Shop, *, now: datetime, most: int) -> Pressing:
    """The first of `obligations_today`, and how many there are. Orders of whose buyers nothing is logged
    are judged by what they have in common, and no more of them are read than are told."""
    if shop.regime == Regime.NONE:
        return Pressing((), 0)
    judge = _judge_of(shop, now)
    logged = late_orders.logged_orders(session, shop.id)
    known = waiting_orders(session, shop.id, judge, order_ids=logged) if logged else []
    calendar = Calendar(zone_of(shop.time_zone), TURNING_DAYS)
    due = _by_day(late_orders.count_cohorts(session, shop.id, calendar, but=logged), judge)
    ids: list[int] = []
    for some in _enough(due, most):
        ids += late_orders.first_of(session, shop.id, some, but=logged, most=most)
    others = waiting_orders(session, shop.id, judge, order_ids=ids) if ids else []
    tasks = _tasks(shop, known)
    number = len(tasks) + sum(one.number for some in due for one in some)
    return Pressing(sorted([*tasks, *_tasks(shop, others)], key=_most_pressing_first)[:most], number)


def _by_day(found: Iterable[Cohort], judge: _Judge) -> list[list[Cohort]]:
    """The cohorts that ask for something, by the last day for it, the most pressing first."""
    by_day: dict[date, list[Cohort]] = defaultdict(list)
    for cohort in found:
        obligations = judge(OrderFacts(cohort.begins, cohort.expected_on))
        asked = obligations and _asked(obligations)
        if asked:
            by_day[asked.by].append(cohort)
    return [some for _, some in sorted(by_day.items())]


def _enough(due: Sequence[Sequence[Cohort]], most: int) -> list[list[Cohort]]:
    """Cohorts among which the most pressing orders are: fewer than are wanted, then those of one day."""
    before: list[Cohort] = []
    for some in due:
        if sum(one.number for one in (*before, *some)) >= most:
            return [before, list(some)]
        before += some
    return [before]


def with_obligations(
    session: Session, shop: Shop, orders: Sequence[DueOrder], *, now: datetime
) -> list[DueOrder]:
    """The same orders, each with whether its buyer must be told of the delay by a tag of ours, and
    whether anything of ours is to stand on it."""
    owing = _owing(session, shop, now, order_ids=[order.order_id for order in orders])
    return [
        replace(
            order,
            state=replace(
                order.state,
                owes_notice=order.order_id in owing,
                shows_nothing=shop.gives_back,
            ),
        )
        for order in orders
    ]


def must_refund(session: Session, shop: Shop, order_id: int, *, now: datetime) -> bool:
    """Whether by the law that the shop has chosen the order is over, and its money must go back."""
    if shop.regime == Regime.NONE:
        return False
    waiting = waiting_orders(session, shop.id, _judge_of(shop, now), order_ids=[order_id])
    return any(
        one.obligations.is_cancelled and one.obligations.refund_due is not None for one in waiting
    )


def compare_obligations(session: Session, shop: Shop, *, now: datetime) -> None:
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
    return {each.order_id for each in waiting if each.obligations.notice_due is not None}


def _judge_of(shop: Shop, now: datetime) -> _Judge:
    """Orders placed on one day and expected on one day are the same to the law while nobody was told
    anything: each such pair is judged once."""
    today, zone = local_day(now, shop.time_zone), zone_of(shop.time_zone)
    judge = partial(
        obligations_of,
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


class _Asked(NamedTuple):
    act: str
    by: date
    is_notice: bool = False


def _due(order: WaitingOrder, regime: Regime) -> Obligation | None:
    asked = _asked(order.obligations)
    if asked is None:
        return None
    return Obligation(order, asked.act, asked.by, regime if asked.is_notice else None)


def _asked(obligations: Obligations) -> _Asked | None:
    if obligations.is_cancelled:
        return None if obligations.refund_due is None else _Asked("refund", obligations.refund_due)
    if obligations.notice_due is not None:
        act = "notice, with express consent" if obligations.consent_needed else "notice"
        return _Asked(act, obligations.notice_due, is_notice=True)
    if obligations.consent_by is not None:
        return _Asked("wait for consent", obligations.consent_by)
    return None


def notice_words(order: WaitingOrder, regime: Regime) -> str:
    """The words of a notice, in English: a lawyer's language is not translated by a machine."""
    obligations = order.obligations
    day = day_in_words(order.expected_on, "en") if order.expected_on else None
    when = f"by {day}" if day else "at a time that we do not know yet"
    told = f"Your order {order.name} is delayed. We now expect to ship it {when}."
    if regime in {Regime.EU, Regime.UK}:
        limit = day_in_words(obligations.promise_by, "en") if obligations.promise_by else ""
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
    if obligations.consent_needed:
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
