"""The shop and the store of a campaign: they live by the clock of the wall, people act in them, and
their webhooks are posted.
"""

import contextlib
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, cast

from app.db import shops
from app.sandbox.deliveries import PendingDelivery, WebhookSender
from app.sandbox.records import Refused
from tests.goods import Goods, Terms
from tests.histories import History, StoreHistory

_PLATFORM_TRIES_AGAIN_S = 0.5
_POST_EVERY_S = 0.1
# Of the others some need the hourly check to be seen, or a look between two requests of ours; histories
# on a clock of their own play those.
_ACTS = frozenset(
    (
        *("place_order", "edit_order", "cancel_order", "refund", "fulfil", "restock", "shrink", "move"),
        *("put_tag", "hold", "release", "split", "merge", "give_back", "take_up_again", "pay_order"),
    )
)


class WallClock:
    """The world's clock, which nobody holds."""

    def __call__(self) -> datetime:
        """The moment it is."""
        return datetime.now(UTC)


class GoodsFromTheStart(Goods):
    """Arrivals are typed before the first fault alone, for whoever types into a page that fails types
    again."""

    def acts(self) -> list[tuple[int, Callable[[], None]]]:
        """None later on."""
        return []

    def type_some(self) -> None:
        """A few arrivals, in a week or two."""
        for _ in range(3):
            with contextlib.suppress(Refused):
                day = date.today() + timedelta(days=self.random.randint(7, 20))  # noqa: DTZ011
                self._type(*self._any_pool(), day, self.random.randint(1, 4))


class Unwatched(History):
    """What matters is what is shown at rest; who was tagged on the way the platform's books tell."""

    goods_kind = GoodsFromTheStart

    def terms(self) -> Terms:
        """The plainest."""
        return Terms()

    def acts(self) -> list[tuple[int, Callable[[], None]]]:
        """Those that webhooks tell of at once."""
        return [(weight, act) for weight, act in super().acts() if act.__name__ in _ACTS]

    def writes(self) -> list[tuple[str, int, str]]:
        """What we wrote, in order: kind, order, text."""
        return [
            (entry.kind, entry.order_id or 0, entry.detail)
            for entry in self.shop.journal
            if entry.kind in ("tag added", "tag removed", "note written")
        ]

    def verdict(self) -> list[str]:
        """See `History`."""
        with self.shop.lock:
            self._note_endings()
            self.tagged = {order_id for _, order_id, text in self.writes() if _says_backordered(text)}
            return super().verdict()

    def doubled(self) -> list[str]:
        """Writes that were made twice, and blocks that stand twice."""
        found = []
        for order_id in self.shop.orders:
            if self.world.note(order_id).count("[backorder]") > 1:
                found.append(f"order {order_id} has two blocks")
            mine = [(kind, text) for kind, number, text in self.writes() if number == order_id]
            for name in ("tag", "note"):
                one_kind = [write for write in mine if write[0].startswith(name)]
                found += [f"order {order_id}: {a} twice" for a, b in pairwise(one_kind) if a == b]
        return found


class UnwatchedStore(Unwatched, StoreHistory):
    """The same at a BigCommerce store."""

    goods_kind = GoodsFromTheStart


def _says_backordered(text: str) -> bool:
    _, found, after = text.rpartition("[backorder]\n")
    return "backordered" in (after.partition("\n")[0].split(" ") if found else [text])


@dataclass
class Post:
    """What a platform sends us, and what became of it. It tries again sooner than real ones do, and for
    ever."""

    shop: Any
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    _on_the_way: int = 0

    def __post_init__(self) -> None:
        """Between the queue and the sender."""
        self._queue = queue = self.shop.webhooks
        self._take, queue.take_due, queue.answered = queue.take_due, self._take_due, self._answered

    def _take_due(self, now: datetime) -> list[PendingDelivery]:
        with self._queue._lock:
            due: list[PendingDelivery] = self._take(now)
            self._on_the_way += len(due)
        return due

    def _answered(self, delivery: PendingDelivery, status: int | None) -> None:
        self.answers[str(status)] += 1
        with self._queue._lock:
            self._on_the_way -= 1
            if status == 200:
                named = {name.lower(): value for name, value in delivery.headers.items()}
                (number,) = [value for name, value in named.items() if name.endswith("webhook-id")]
                self.acknowledged.add((number, hashlib.sha256(delivery.body).hexdigest()))
            else:
                self._queue.try_again(delivery, in_s=_PLATFORM_TRIES_AGAIN_S)

    def is_done(self) -> bool:
        """Whether all was answered 200."""
        with self._queue._lock:
            return not self._on_the_way and not self._queue.waiting()


def bring_to_life(stack: ExitStack, histories: Sequence[Unwatched]) -> None:
    """The merchants install us, and type what is on its way; from here on webhooks are sent."""
    for history in histories:
        _begin(history)
        sender = WebhookSender(history.shop.webhooks, pause_s=_POST_EVERY_S)
        sender.start()
        stack.callback(sender.stop)
    over = threading.Event()
    shops = [history.shop for history in histories]
    ticking = threading.Thread(target=_tick, args=(shops, over), daemon=True)
    ticking.start()
    stack.callback(ticking.join)
    stack.callback(over.set)


def _begin(history: Unwatched) -> None:
    world = history.world
    world.connect()
    with world.runtime.sessions.begin() as session:
        shops.get_shop(session, world.shop_id).quiet_days = 1
    cast(GoodsFromTheStart, history.goods).type_some()
    knobs = world.shop.webhooks.knobs
    knobs.delay_s, knobs.duplicate_rate, knobs.is_shuffled = (0, 1), 0.1, True


def _tick(shops: Sequence[Any], over: threading.Event) -> None:
    while not over.wait(_POST_EVERY_S):
        for shop in shops:
            with shop.lock:
                shop.tick()
