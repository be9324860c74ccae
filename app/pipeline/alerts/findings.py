"""What staff should know of a shop now. Nothing here names a buyer: only orders, items, suppliers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.core.alerts import AlertKind, Finding
from app.core.states import ShopStatus, TurnEvent
from app.db import refunds
from app.db.models import Shop
from app.db.pages import alerts
from app.db.pages.overview import InboxState, read_inbox
from app.pipeline.compliance import most_pressing
from app.pipeline.context import local_day
from app.pipeline.machines import Machines

# Work that waited so long has nobody to do it: a busy shop's takes seconds.
_UNDONE = timedelta(minutes=15)
# No shop is called quiet sooner, and none before twice its longest silence of late.
_QUIET = timedelta(hours=6)
# What happened longer ago is no news to whoever asks for alerts only now.
_RECENT = timedelta(days=3)

_TURNS = {
    TurnEvent.SHIPPED: "Order {name} shipped before orders that wait longer for the same item.",
    TurnEvent.HOLD_LIFTED: "Someone released our hold on order {name} before its turn. It is not held "
    "again.",
    TurnEvent.HOLD_SHIPPED: "Order {name} shipped although it was on hold.",
}


@dataclass(frozen=True, slots=True)
class AlertContext:
    """A shop at a moment."""

    session: Session
    shop: Shop
    machines: Machines
    now: datetime

    @property
    def today(self) -> date:
        """The shop's day."""
        return local_day(self.now, self.shop.time_zone)


def find_all(look: AlertContext) -> list[Finding]:
    """Everything, what is stuck first."""
    return [
        *_stuck(look),
        *_unanswered(look),
        *_turns(look),
        *_notices(look),
        *_overdue_orders(look),
        *_late_deliveries(look),
    ]


def _stuck(look: AlertContext) -> Iterator[Finding]:
    shop, inbox = look.shop, read_inbox(look.session, look.shop.id)

    def stuck(what: str, text: str) -> Finding:
        return Finding(AlertKind.STUCK, f"stuck {what}", text, "")

    if shop.status == ShopStatus.NEEDS_MERCHANT:
        yield stuck("connection", f"{shop.problem or 'The shop is not connected.'} Connect it again.")
    if look.machines.redis_problem:
        yield stuck("redis", look.machines.redis_problem)
    elif not look.machines.workers:
        yield stuck("workers", "No worker is running, so no orders are tagged or released.")
    if inbox.oldest_due_at is not None and look.now - inbox.oldest_due_at > _UNDONE:
        minutes = int((look.now - inbox.oldest_due_at).total_seconds() // 60)
        yield stuck("webhooks", f"Webhooks have been waiting for {minutes} minutes.")
    if shop.status == ShopStatus.ACTIVE and _is_too_quiet(look, inbox):
        hours = int((look.now - (inbox.last_at or look.now)).total_seconds() // 3600)
        yield stuck(
            "silence",
            f"No webhook for {hours} hours, which is unusual for this shop. Connect it again.",
        )


def _is_too_quiet(look: AlertContext, inbox: InboxState) -> bool:
    """A small shop sells nothing for days: only a silence that is long for this shop says something."""
    if inbox.last_at is None or look.now - inbox.last_at < _QUIET:
        return False
    longest = alerts.longest_quiet(look.session, look.shop.id, now=look.now)
    return longest is not None and look.now - inbox.last_at > 2 * longest


def _unanswered(look: AlertContext) -> Iterator[Finding]:
    for one in refunds.unanswered(look.session, look.shop.id, asked_before=look.now - _UNDONE):
        yield Finding(
            AlertKind.STUCK,
            f"stuck refund {one.key}",
            f"Order {one.order_name}: it is not known if its units were canceled and refunded. Open the "
            "order to check.",
            f"orders/{one.order_id}",
        )


def _turns(look: AlertContext) -> Iterator[Finding]:
    """By order, not by event: its second item, noticed minutes later, is no news."""
    for turn in alerts.turns(look.session, look.shop.id, since=look.now - _RECENT):
        yield Finding(
            AlertKind.TURN,
            f"turn {turn.kind} {turn.order_id}",
            _TURNS[turn.kind].format(name=turn.name),
            f"orders/{turn.order_id}",
        )


def _notices(look: AlertContext) -> Iterator[Finding]:
    tomorrow = look.today + timedelta(days=1)
    for task in most_pressing(look.session, look.shop, now=look.now, most=alerts.MOST).tasks:
        if task.by > tomorrow:
            return
        what = "Refund" if task.regime is None else "Send a delay notice for"
        when = "tomorrow" if task.by == tomorrow else "today" if task.by == look.today else "overdue"
        due = f"due {when}" if task.by >= look.today else f"overdue since {spell(task.by)}"
        yield Finding(
            AlertKind.NOTICE,
            f"notice {task.order.order_id} {task.act} {task.by.isoformat()}",
            f"{what} order {task.order.name}: {due}.",
            "late-orders",
        )


def _overdue_orders(look: AlertContext) -> Iterator[Finding]:
    """By order: once the item that was promised first has shipped, a later day is its first promise."""
    for order in alerts.overdue_orders(look.session, look.shop.id, today=look.today):
        now = f"now expected {spell(order.expected_on)}" if order.expected_on else "no date known now"
        yield Finding(
            AlertKind.ORDER,
            f"order {order.order_id}",
            f"Order {order.name} was first promised for {spell(order.promised_on)}: {now}.",
            f"orders/{order.order_id}",
        )


def _late_deliveries(look: AlertContext) -> Iterator[Finding]:
    for row in alerts.late_deliveries(look.session, look.shop.id, today=look.today):
        name = (
            f"{row.reference or f'Delivery {row.id}'}{f' from {row.supplier}' if row.supplier else ''}"
        )
        units = max(row.quantity - row.received, 0)
        yield Finding(
            AlertKind.DELIVERY,
            f"delivery {row.id} {row.expected_on.isoformat()}",
            f"{name}: {units:,} × {row.sku} were expected {spell(row.expected_on)}.",
            f"incoming/{row.id}",
        )


def spell(day: date) -> str:
    """A day as the pages write it."""
    return f"{day:%b} {day.day}, {day.year}"
