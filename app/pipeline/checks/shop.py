"""One shop, from what is kept of it: nobody outside is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from app.core.holds import Policy
from app.core.states import ImportState, ShopStatus, TurnEvent
from app.db import refunds
from app.db.models import PoolRow, Shop, StockItem
from app.db.pages import overview
from app.db.pages.overview import InboxState, Trouble
from app.db.refunds import Unanswered
from app.pipeline.checks.check import Check, Says, Tone, WhereToAct, in_hours, listed_every
from app.pipeline.leaving import Left, left_at_platform
from app.pipeline.refunds import PATIENCE
from app.pipeline.reservations import unreadable
from app.platforms.registry import PLATFORMS

_SLOW = timedelta(minutes=2)
_QUIET = timedelta(days=2)
_NAMED = 5
_LIST_OVERDUE = timedelta(hours=2)
_TURN_DAYS = 7
_TURNS = {
    TurnEvent.SHIPPED: "shipped before orders that wait longer: {}",
    TurnEvent.HOLD_SHIPPED: "shipped although on hold: {}",
    TurnEvent.HOLD_LIFTED: "hold released by somebody else: {}",
}


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What is kept of a shop, and how it writes moments and figures."""

    shop: Shop
    say: Says
    inbox: InboxState
    trouble: Trouble
    turns: Mapping[TurnEvent, int]
    unanswered: Sequence[Unanswered]
    left: Left


def gather_facts(session: Session, shop: Shop, say: Says) -> ShopFacts:
    """What `check_shop` looks at."""
    since = say.start_of(say.days_before(_TURN_DAYS)[0])
    return ShopFacts(
        shop,
        say,
        inbox=overview.read_inbox(session, shop.id),
        trouble=overview.read_trouble(session, shop),
        turns=overview.count_turns(session, shop.id, since=since),
        unanswered=refunds.unanswered(session, shop.id, asked_before=say.now - PATIENCE),
        left=left_at_platform(session, shop.id) if shop.gives_back else Left(0, 0, 0),
    )


def check_shop(facts: ShopFacts) -> Iterator[Check]:
    """Everything of `_CHECKS`; of a shop that left that it has."""
    yield from _connection(facts)
    if facts.shop.status not in (ShopStatus.REMOVED, ShopStatus.ERASING):
        for check in _CHECKS:
            yield from check(facts)


def _connection(facts: ShopFacts) -> Iterator[Check]:
    shop = facts.shop
    if shop.status == ShopStatus.ACTIVE:
        yield Check("Connection", Tone.FINE, f"Connected to {shop.domain}.")
        return
    yield Check(
        "Connection",
        Tone.FIX if shop.status == ShopStatus.NEEDS_MERCHANT else Tone.CHECK,
        shop.problem or f"{shop.domain} is not connected.",
        "Backline does nothing for this shop until it is connected again.",
    )


def _registered(facts: ShopFacts) -> Iterator[Check]:
    name, shop, say = "Webhooks registered", facts.shop, facts.say
    every = listed_every(PLATFORMS[shop.platform].traits)
    if shop.subscriptions:
        topics = "; ".join(f"{topic}: {reason}" for topic, reason in shop.subscriptions.items())
        advice = "Until then, only the hourly check finds these changes. Connect the shop again."
        title = PLATFORMS[shop.platform].title
        yield Check(name, Tone.FIX, f"{title} refused {topics}.", advice)
    elif shop.subscribed_at is None and shop.import_state == ImportState.RUNNING:
        yield Check(name, Tone.NOTE, "Registering now.")
    elif shop.subscribed_at is None:
        text = "Not registered since this Backline was installed."
        advice = "Connect the shop again to register them."
        yield Check(name, Tone.CHECK, text, advice)
    elif say.now - shop.subscribed_at > every + _LIST_OVERDUE and shop.status == ShopStatus.ACTIVE:
        text = f"Last checked {say.moment(shop.subscribed_at)}; that is due within {in_hours(every)}."
        yield Check(name, Tone.FIX, text, "See that a worker and a clock run.")
    else:
        yield Check(name, Tone.FINE, f"All, last checked {say.moment(shop.subscribed_at)}.")


def _last_webhook(facts: ShopFacts) -> Iterator[Check]:
    name, last_at, say = "Last webhook", facts.inbox.last_at, facts.say
    if last_at is None:
        yield Check(
            name,
            Tone.NOTE,
            "None received yet.",
            "One arrives with the next order or stock change. If none does, check that APP_URL can be "
            "reached from the internet.",
        )
        return
    text = f"{say.ago(last_at)} ago, {say.moment(last_at)}."
    if say.now - last_at > _QUIET:
        yield Check(
            name,
            Tone.CHECK,
            text,
            "If there have been orders since, webhooks are not arriving: connect the shop again. "
            "Meanwhile the hourly check finds changes.",
        )
        return
    yield Check(name, Tone.FINE, text)


def _waiting(facts: ShopFacts) -> Iterator[Check]:
    name, inbox, say = "Webhooks waiting", facts.inbox, facts.say
    if inbox.due == 0 or inbox.oldest_due_at is None:
        yield Check(name, Tone.FINE, "All caught up.")
        return
    text = f"{say.number(inbox.due)}, the oldest for {say.ago(inbox.oldest_due_at)}."
    if say.now - inbox.oldest_due_at > _SLOW:
        advice = "Start a worker, or more of them (`backline worker`)."
        yield Check(name, Tone.FIX, text, advice)
    else:
        yield Check(name, Tone.FINE, text)


def _failed(facts: ShopFacts) -> Iterator[Check]:
    name, failed = "Webhooks failed", facts.inbox.failed
    if failed == 0:
        yield Check(name, Tone.FINE, "None.")
        return
    text = f"{facts.say.number(failed)} could not be used."
    yield Check(name, Tone.CHECK, text, "See why, and try again.", WhereToAct.FAILED_WEBHOOKS)


def _patience(facts: ShopFacts) -> Iterator[Check]:
    until, say = facts.shop.wait_until, facts.say
    if until is None or until <= say.now:
        yield Check("Platform", Tone.FINE, "Responding normally.")
    elif facts.shop.wait_reason:
        text = f"On hold: {facts.shop.wait_reason}."
        advice = f"Next try {say.full_moment(until)}. Nothing is lost until then."
        yield Check("Platform", Tone.FIX, text, advice)
    else:
        text = f"API rate limit reached; waiting until {say.full_moment(until)}."
        yield Check("Platform", Tone.NOTE, text, "Nothing to do: updates continue then.")


def _drift(facts: ShopFacts) -> Iterator[Check]:
    trouble = facts.trouble
    yield from (_of_pool(facts, pool, item) for pool, item in trouble.drifting)
    hidden = trouble.drifting_count - len(trouble.drifting)
    yield from _and_more("Unexplained stock", hidden, "items with unexplained stock")


def _of_pool(facts: ShopFacts, pool: PoolRow, item: StockItem) -> Check:
    units, what = facts.say.number(abs(pool.drift)), item.title or item.sku or item.item_id
    where = f"{units} of {what} at {pool.location_name or pool.location_id}"
    if pool.drift < 0:
        return Check(
            "Unexplained stock",
            Tone.CHECK,
            f"{where}: on open orders, but no stock is committed to them. Only orders that are certain "
            "either way are updated.",
            "Check for orders from a preorder or subscription app, which may reserve stock later.",
        )
    scopes = PLATFORMS[facts.shop.platform].traits.reservation_scopes
    lacking = [f"`{scope}` ({kind}s)" for scope, kind in unreadable(facts.shop, scopes).items()]
    return Check(
        "Unexplained stock",
        Tone.CHECK,
        f"{where}: committed to something Backline can't read. They are counted ahead of later orders.",
        f"Grant {' and '.join([*lacking, '`read_all_orders` (orders older than 60 days)'])}.",
    )


def _books(facts: ShopFacts) -> Iterator[Check]:
    trouble = facts.trouble
    for item in trouble.stuck:
        again = facts.say.moment(item.stock_due_at) if item.stock_due_at else "soon"
        advice = f"Checked again {again}; its orders are not updated before then."
        text = f"{item.title or item.sku or item.item_id}: {item.problem}"
        yield Check("Stock check", Tone.CHECK, text, advice)
    hidden = trouble.stuck_count - len(trouble.stuck)
    yield from _and_more("Stock check", hidden, "items waiting for a stock check")


def _and_more(name: str, hidden: int, what: str) -> Iterator[Check]:
    if hidden > 0:
        yield Check(name, Tone.CHECK, f"{hidden} more {what}.", "The same goes for them.")


def _turns(facts: ShopFacts) -> Iterator[Check]:
    """Orders that did not wait for their turn. Nothing is done about it: somebody wanted it so."""
    shop, turns = facts.shop, facts.turns
    if not turns:
        return
    has_holds = PLATFORMS[shop.platform].traits.has_holds
    yield Check(
        "Out of turn",
        Tone.CHECK,
        f"Orders in the last {_TURN_DAYS} days: "
        f"{', '.join(words.format(turns[kind]) for kind, words in _TURNS.items() if kind in turns)}.",
        "Holds on fulfillment, on the settings page, keep waiting orders from being packed."
        if has_holds and shop.holds == Policy.OFF
        else "Nothing is put on hold again that somebody released.",
        next(kind for kind in _TURNS if kind in turns),
    )


def _unanswered(facts: ShopFacts) -> Iterator[Check]:
    names = [one.order_name for one in facts.unanswered]
    if not names:
        return
    more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    orders = "order" if len(names) == 1 else "orders"
    yield Check(
        "Cancellations",
        Tone.FIX,
        f"Not known if done: {orders} {', '.join(names[:_NAMED])}{more}.",
        "Open the order and check with the platform.",
    )


def _giving_back(facts: ShopFacts) -> Iterator[Check]:
    if not facts.shop.gives_back:
        return
    left = facts.left.in_words
    yield Check(
        "Leaving",
        Tone.CHECK,
        f"Everything Backline changed is being taken back. Left: {left}."
        if left
        else "Everything Backline changed has been taken back. You can remove the app.",
        "Orders are not marked, held, or released meanwhile. "
        "To go on as before: Settings, Before you remove Backline.",
    )


def _limits(facts: ShopFacts) -> Iterator[Check]:
    yield from (Check("Limits", Tone.NOTE, limit) for limit in facts.shop.limits)


_CHECKS = (
    *(_registered, _last_webhook, _waiting, _failed, _patience),
    *(_drift, _books, _turns, _unanswered, _giving_back, _limits),
)
