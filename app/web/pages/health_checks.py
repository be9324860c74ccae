"""How a shop is doing, in plain words, and what to do where something is wrong."""

from dataclasses import dataclass
from datetime import timedelta

from flask import url_for

from app.db.models import PoolRow, StockItem
from app.db.pages.overview import InboxState, Trouble
from app.pipeline.machines import Machines
from app.pipeline.reservations import unreadable
from app.platforms.registry import PLATFORMS
from app.web.pages.formatting import Words

_SLOW = timedelta(minutes=2)
_QUIET = timedelta(days=2)


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
        return {"good": "Fine", "info": "Note", "warn": "Look", "bad": "Act"}[self.tone]


def make_checks(say: Words, inbox: InboxState, trouble: Trouble, machines: Machines) -> list[Check]:
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
        "Nothing is read or written until the shop is connected again.",
    )


def _webhooks(say: Words) -> Check:
    refused = say.shop.subscriptions
    if refused:
        topics = "; ".join(f"{topic}: {reason}" for topic, reason in refused.items())
        return Check(
            "Webhooks registered",
            "bad",
            f"The platform refused {topics}.",
            "What they would tell is found by the hourly check only. Connect the shop again.",
        )
    if say.shop.subscribed_at is None and say.shop.import_state == "running":
        return Check("Webhooks registered", "info", "They are being registered.")
    if say.shop.subscribed_at is None:
        return Check(
            "Webhooks registered",
            "warn",
            "Nobody has registered them since this Backline was installed.",
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
            "None has come yet.",
            "One comes with the next order or stock change. If none does, check that the platform "
            "reaches this address.",
        )
    text = f"{say.ago(inbox.last_at)} ago, {say.moment(inbox.last_at)}."
    if say.now - inbox.last_at > _QUIET:
        return Check(
            name,
            "warn",
            text,
            "If there have been orders since, the platform does not reach this address: connect the "
            "shop again. Meanwhile the hourly check finds what changed.",
        )
    return Check(name, "good", text)


def _waiting(say: Words, inbox: InboxState) -> Check:
    name = "Webhooks waiting"
    if inbox.due == 0 or inbox.oldest_due_at is None:
        return Check(name, "good", "None: everything told has been worked on.")
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
        "See why, and try them again.",
        (url_for("deliveries.listing", shop_id=say.shop.id), "Failed deliveries"),
    )


def _platform(say: Words) -> Check:
    until = say.shop.wait_until
    if until is None or until <= say.now:
        return Check("Platform", "good", "Answers without delay.")
    if say.shop.wait_reason:
        advice = f"Tried again {say.full_moment(until)}. Nothing is lost until then."
        return Check("Platform", "bad", f"Not called: {say.shop.wait_reason}.", advice)
    return Check(
        "Platform",
        "info",
        f"Asks for patience until {say.full_moment(until)}.",
        "Nothing to do: work goes on by itself then.",
    )


def _workers(machines: Machines) -> Check:
    if machines.redis_problem:
        return Check(
            "Workers",
            "bad",
            machines.redis_problem,
            "Nothing is lost: webhooks are kept, and worked on by themselves once that is put right.",
        )
    if not machines.workers:
        return Check(
            "Workers",
            "bad",
            "None is running, so nothing is tagged or released.",
            "Start one (`backline worker`, or the `worker` process of the Procfile).",
        )
    return Check("Workers", "good", f"{machines.workers} running.")


def _clock(machines: Machines) -> Check:
    if machines.has_clock:
        return Check("Clock", "good", "Running.")
    if machines.redis_problem:
        return Check("Clock", "info", "Whether it runs is not known without Redis.")
    return Check(
        "Clock",
        "bad",
        "None is running: what must be tried again, and the hourly check, wait for the next webhook.",
        "Start one (`backline clock`, or the `clock` process of the Procfile).",
    )


def _drift(say: Words, trouble: Trouble) -> list[Check]:
    checks = [_of_pool(say, pool, item) for pool, item in trouble.drifting]
    return [*checks, *_and_more("Drift", trouble.drifting_count - len(checks), "pools drift")]


def _of_pool(say: Words, pool: PoolRow, item: StockItem) -> Check:
    units, what = say.number(abs(pool.drift)), item.title or item.sku or item.item_id
    where = f"{units} of {what} at {pool.location_name or pool.location_id}"
    if pool.drift < 0:
        return Check(
            "Drift",
            "warn",
            f"{where} are open in orders, and no stock is committed to them. Only what holds whichever "
            "orders these are is said.",
            "Look for orders of a pre-order or subscription app, which may reserve stock later.",
        )
    scopes = PLATFORMS[say.shop.platform].traits.reservation_scopes
    lacking = [f"`{scope}` ({kind}s)" for scope, kind in unreadable(say.shop, scopes).items()]
    return Check(
        "Drift",
        "warn",
        f"{where} are committed to something that Backline may not read. What was there first is served "
        "before all others, what came since in its turn.",
        f"Grant {' and '.join([*lacking, '`read_all_orders` (orders older than 60 days)'])}.",
    )


def _stuck(say: Words, trouble: Trouble) -> list[Check]:
    checks = [
        Check(
            "Books",
            "warn",
            f"{item.title or item.sku or item.item_id}: {item.problem}",
            f"Read again {say.moment(item.look_at)}; nothing is written about it before."
            if item.look_at
            else "",
        )
        for item in trouble.stuck
    ]
    return [*checks, *_and_more("Books", trouble.stuck_count - len(checks), "items do not balance")]


def _and_more(name: str, hidden: int, what: str) -> list[Check]:
    return [Check(name, "warn", f"{hidden} more {what}.")] if hidden > 0 else []
