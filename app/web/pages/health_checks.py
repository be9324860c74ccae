"""How a shop is doing, in plain words, and what to do where something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import url_for

from app.core.holds import Policy
from app.core.states import TurnEvent
from app.db.models import PoolRow, StockItem
from app.db.pages.overview import InboxState, Trouble
from app.pipeline.machines import Machines
from app.pipeline.reservations import unreadable
from app.platforms.registry import PLATFORMS
from app.web.pages.formatting import Words

_SLOW = timedelta(minutes=2)
_QUIET = timedelta(days=2)
TURN_DAYS = 7
_TURNS = {
    TurnEvent.SHIPPED: "shipped before orders that wait longer: {}",
    TurnEvent.HOLD_SHIPPED: "shipped although on hold: {}",
    TurnEvent.HOLD_LIFTED: "hold released by somebody else: {}",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `tone` is good, info, warn or bad; `link` is where to act, with its words."""

    name: str
    tone: str
    text: str
    advice: str = ""
    link: tuple[str, str] | None = None

    @property
    def word(self) -> str:
        """The tone in a word, for whoever sees no colours."""
        return {"good": "Fine", "info": "Note", "warn": "Check", "bad": "Fix"}[self.tone]


def make_checks(
    say: Words,
    inbox: InboxState,
    trouble: Trouble,
    machines: Machines,
    turns: Mapping[TurnEvent, int],
) -> list[Check]:
    """Everything that was looked at, what needs somebody first."""
    checks = [
        _connection(say),
        _webhooks(say),
        _last_webhook(say, inbox),
        _waiting(say, inbox),
        _failed(say, inbox),
        _platform(say),
        _workers(machines),
        _clock(machines),
        *_drift(say, trouble),
        *_stuck(say, trouble),
        *_turns(say, turns),
        *(Check("Limits", "info", limit) for limit in say.shop.limits),
    ]
    order = ("bad", "warn", "info", "good")
    return sorted(checks, key=lambda check: order.index(check.tone))


def _connection(say: Words) -> Check:
    shop = say.shop
    if shop.status == "active":
        return Check("Connection", "good", f"Connected to {shop.domain}.")
    return Check(
        "Connection",
        "bad",
        shop.problem or f"{shop.domain} is not connected.",
        "Backline does nothing for this shop until it is connected again.",
    )


def _webhooks(say: Words) -> Check:
    refused = say.shop.subscriptions
    if refused:
        topics = "; ".join(f"{topic}: {reason}" for topic, reason in refused.items())
        return Check(
            "Webhooks registered",
            "bad",
            f"{PLATFORMS[say.shop.platform].title} refused {topics}.",
            "Until then, only the hourly check finds these changes. Connect the shop again.",
        )
    if say.shop.subscribed_at is None and say.shop.import_state == "running":
        return Check("Webhooks registered", "info", "Registering now.")
    if say.shop.subscribed_at is None:
        return Check(
            "Webhooks registered",
            "warn",
            "Not registered since this Backline was installed.",
            "Connect the shop again to register them.",
        )
    return Check(
        "Webhooks registered", "good", f"All, last checked {say.moment(say.shop.subscribed_at)}."
    )


def _last_webhook(say: Words, inbox: InboxState) -> Check:
    name = "Last webhook"
    if inbox.last_at is None:
        return Check(
            name,
            "info",
            "None received yet.",
            "One arrives with the next order or stock change. If none does, check that APP_URL can be "
            "reached from the internet.",
        )
    text = f"{say.ago(inbox.last_at)} ago, {say.moment(inbox.last_at)}."
    if say.now - inbox.last_at > _QUIET:
        return Check(
            name,
            "warn",
            text,
            "If there have been orders since, webhooks are not arriving: connect the shop again. "
            "Meanwhile the hourly check finds changes.",
        )
    return Check(name, "good", text)


def _waiting(say: Words, inbox: InboxState) -> Check:
    name = "Webhooks waiting"
    if inbox.due == 0 or inbox.oldest_due_at is None:
        return Check(name, "good", "All caught up.")
    text = f"{say.number(inbox.due)}, the oldest for {say.ago(inbox.oldest_due_at)}."
    if say.now - inbox.oldest_due_at > _SLOW:
        return Check(name, "bad", text, "Start a worker, or more of them (`backline worker`).")
    return Check(name, "good", text)


def _failed(say: Words, inbox: InboxState) -> Check:
    if inbox.failed == 0:
        return Check("Webhooks failed", "good", "None.")
    return Check(
        "Webhooks failed",
        "warn",
        f"{say.number(inbox.failed)} could not be used.",
        "See why, and try again.",
        (url_for("deliveries.listing", shop_id=say.shop.id), "Failed webhooks"),
    )


def _platform(say: Words) -> Check:
    until = say.shop.wait_until
    if until is None or until <= say.now:
        return Check("Platform", "good", "Responding normally.")
    if say.shop.wait_reason:
        advice = f"Next try {say.full_moment(until)}. Nothing is lost until then."
        return Check("Platform", "bad", f"On hold: {say.shop.wait_reason}.", advice)
    return Check(
        "Platform",
        "info",
        f"API rate limit reached; waiting until {say.full_moment(until)}.",
        "Nothing to do: updates continue then.",
    )


def _workers(machines: Machines) -> Check:
    if machines.redis_problem:
        return Check(
            "Workers",
            "bad",
            machines.redis_problem,
            "Nothing is lost: webhooks are kept and processed once this is fixed.",
        )
    if not machines.workers:
        return Check(
            "Workers",
            "bad",
            "None running, so no orders are tagged or released.",
            "Start one (`backline worker`, or the `worker` process of the Procfile).",
        )
    return Check("Workers", "good", f"{machines.workers} running.")


def _clock(machines: Machines) -> Check:
    if machines.has_clock:
        return Check("Clock", "good", "Running.")
    if machines.redis_problem:
        return Check("Clock", "info", "Unknown while Redis is unavailable.")
    return Check(
        "Clock",
        "bad",
        "Not running, so retries and the hourly check wait for the next webhook.",
        "Start one (`backline clock`, or the `clock` process of the Procfile).",
    )


def _drift(say: Words, trouble: Trouble) -> list[Check]:
    checks = [_of_pool(say, pool, item) for pool, item in trouble.drifting]
    return [
        *checks,
        *_and_more(
            "Unexplained stock", trouble.drifting_count - len(checks), "items with unexplained stock"
        ),
    ]


def _of_pool(say: Words, pool: PoolRow, item: StockItem) -> Check:
    units, what = say.number(abs(pool.drift)), item.title or item.sku or item.item_id
    where = f"{units} of {what} at {pool.location_name or pool.location_id}"
    if pool.drift < 0:
        return Check(
            "Unexplained stock",
            "warn",
            f"{where}: on open orders, but no stock is committed to them. Only orders that are certain "
            "either way are updated.",
            "Check for orders from a preorder or subscription app, which may reserve stock later.",
        )
    scopes = PLATFORMS[say.shop.platform].traits.reservation_scopes
    lacking = [f"`{scope}` ({kind}s)" for scope, kind in unreadable(say.shop, scopes).items()]
    return Check(
        "Unexplained stock",
        "warn",
        f"{where}: committed to something Backline can't read. They are counted ahead of later orders.",
        f"Grant {' and '.join([*lacking, '`read_all_orders` (orders older than 60 days)'])}.",
    )


def _stuck(say: Words, trouble: Trouble) -> list[Check]:
    checks = [
        Check(
            "Stock check",
            "warn",
            f"{item.title or item.sku or item.item_id}: {item.problem}",
            f"Checked again {say.moment(item.look_at)}; its orders are not updated before then."
            if item.look_at
            else "",
        )
        for item in trouble.stuck
    ]
    return [
        *checks,
        *_and_more("Stock check", trouble.stuck_count - len(checks), "items waiting for a stock check"),
    ]


def _and_more(name: str, hidden: int, what: str) -> list[Check]:
    return [Check(name, "warn", f"{hidden} more {what}.")] if hidden > 0 else []


def _turns(say: Words, turns: Mapping[TurnEvent, int]) -> list[Check]:
    """Orders that did not wait for their turn. Nothing is done about it: somebody wanted it so."""
    if not turns:
        return []
    said = ", ".join(words.format(turns[kind]) for kind, words in _TURNS.items() if kind in turns)
    has_holds = PLATFORMS[say.shop.platform].traits.has_holds
    first = next(kind for kind in _TURNS if kind in turns)
    return [
        Check(
            "Out of turn",
            "warn",
            f"Orders in the last {TURN_DAYS} days: {said}.",
            "Holds on fulfillment, on the settings page, keep waiting orders from being packed."
            if has_holds and say.shop.holds == Policy.OFF
            else "Nothing is put on hold again that somebody released.",
            (url_for("activity.listing", shop_id=say.shop.id, kind=first), "See which"),
        )
    ]
