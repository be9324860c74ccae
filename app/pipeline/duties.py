"""What the law asks a shop to do today about its late orders, with the words to send."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from app.core.regimes import Duties, Regime, duties_of
from app.core.working_days import EVERY_DAY, WorkingDays
from app.db.models import Shop
from app.db.notices import WaitingOrder, waiting_orders
from app.pipeline.desk import local_day
from app.pipeline.terms import working_days_of
from app.pipeline.wording import day_in_words

# What every week has where nobody said in which country the shop is.
_ORDINARY_WEEK = WorkingDays(weekend=frozenset({5, 6}))


@dataclass(frozen=True, slots=True)
class DueOrder:
    """One order, what to do about it by when, and the words to send (empty: nothing is to be sent)."""

    order: WaitingOrder
    act: str
    by: date
    words: str


def duties_today(session: Session, shop: Shop, *, now: datetime) -> list[DueOrder]:
    """What is to be done about waiting orders, most pressing first: every notice that is owed (the rule
    asks for it as soon as the delay is known; `by` is the last day), and every refund. Empty without a
    regime."""
    today = local_day(now, shop.time_zone)
    judge = partial(
        duties_of,
        regime=Regime(shop.regime),
        today=today,
        zone=_zone(shop.time_zone),
        working_days=_working_days(shop, today),
    )
    found = (_due(each, shop) for each in waiting_orders(session, shop.id, judge))
    return sorted((each for each in found if each is not None), key=lambda each: each.by)


def _due(order: WaitingOrder, shop: Shop) -> DueOrder | None:
    duties = order.duties
    if duties.is_cancelled:
        return None if duties.refund_due is None else DueOrder(order, "refund", duties.refund_due, "")
    if duties.notice_due is not None:
        act = "notice, with express consent" if duties.consent_needed else "notice"
        return DueOrder(order, act, duties.notice_due, notice_words(order, duties, shop))
    if duties.consent_by is not None:
        return DueOrder(order, "wait for consent", duties.consent_by, "")
    return None


def notice_words(order: WaitingOrder, duties: Duties, shop: Shop) -> str:
    """The words of a notice, in English: a lawyer's language is not translated by a machine."""
    day = day_in_words(order.expected_on, "en") if order.expected_on else None
    when = f"by {day}" if day else "at a time that we do not know yet"
    told = f"Your order {order.name} is delayed. We now expect to ship it {when}."
    if shop.regime == Regime.EU:
        limit = day_in_words(duties.promise_by, "en") if duties.promise_by else ""
        return (
            f"{told} We had to deliver by {limit}. Please tell us whether you agree to the new time; "
            "if you do not, you may cancel, and we will refund all you paid without undue delay."
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


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
