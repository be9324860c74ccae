"""Random histories in which workers are killed and selling on is stopped, and those of a Shopify shop
that moves what waits.

A worker is killed when the platform has done what it was asked for and has not answered yet: nothing of
what it was about to write down is. As in tests/held_histories.py the oracle looks at the sandbox's true
books.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from app.core.states import MoveState
from app.db.models import MoveRow, Order
from app.db.preferences import change_preferences
from app.db.shops import get_shop
from tests.held_histories import Pool
from tests.histories import History
from tests.passing_histories import PassingHistory, PassingStoreHistory
from tests.world import World

_KILLS, _KILLS_AT_MOVES = 0.03, 0.3
"""Of so many requests the worker that sent it never gets the answer."""
# What was written shows in what a store tells after that many seconds.
_SHOWN_AFTER_S = 91


class Killed(BaseException):
    """The worker is no more."""


class Killer:
    """Kills workers of a history while things happen."""

    def __init__(self, history: History) -> None:
        """Another worker takes over at its next turn."""
        self._history = history
        self._random = random.Random(history.seed)  # noqa: S311 -- repeatable, not secret
        self._work: Callable[[], float | None] = history.world.work
        self._is_at_work = False
        history.world.work = self.work  # type: ignore[method-assign]

    def work(self) -> float | None:
        """As far as it comes."""
        self._is_at_work = True
        try:
            return self._work()
        except Killed:
            self._history.counts["workers killed"] += 1
            return 1
        finally:
            self._is_at_work = False

    def strike(self, share: float = _KILLS) -> None:
        """The platform has done something."""
        if self._is_at_work and self._random.random() < share:
            raise Killed


def stop_selling_on(history: History, **more: object) -> None:
    """The merchant sells no more than dated deliveries cover, and no more than a few units ahead."""
    world = history.world
    with world.runtime.sessions.begin() as session:
        shop = get_shop(session, world.shop_id)
        wanted = {"selling": "dated", "most_ahead": 4, **more}
        change_preferences(session, shop, wanted, by="a test", now=world.clock())


def be_patient(world: World) -> None:
    """Wait until the platform shows what was written, and until that has been looked at."""
    for _ in range(4):
        world.quiet()
        world.clock.sleep(_SHOWN_AFTER_S)
    world.quiet()


def want_nothing_any_more(history: History) -> None:
    """The merchant switches off whatever changes something for a while, and everything comes to rest."""
    world = history.world
    with world.runtime.sessions.begin() as session:
        shop = get_shop(session, world.shop_id)
        wanted = {"holds": "off", "moves": False, "selling": "off"}
        change_preferences(session, shop, wanted, by="a test", now=world.clock())
    be_patient(world)


class KilledStoreHistory(PassingStoreHistory):
    """Of a BigCommerce store; half of them stop selling on, and half of those keep restocks for the
    orders that wait."""

    def __post_init__(self) -> None:
        """See `StoreHistory`."""
        super().__post_init__()
        self.killer = Killer(self)

    def _choose(self) -> None:
        super()._choose()
        if self.seed % 8 in {1, 2, 4, 7}:
            stop_selling_on(self, keeps_restocks=self.seed % 16 < 8)

    def _look_at_writes(self) -> None:
        super()._look_at_writes()
        self.killer.strike()

    def verdict(self) -> list[str]:
        """Also settings that were not given back."""
        found, limits = super().verdict(), self._limits()
        stopped = {
            entry.detail.split(":")[0] for entry in self.shop.journal if entry.kind == "selling set"
        }
        self.counts["items whose selling was stopped"] += len(stopped)
        self.counts["settings changed at rest"] += sum(one != (None, 0) for one in limits.values())
        self.want_nothing()
        return found + [
            f"{pool} has the limit and the safety stock {limits} once nothing is wanted any more"
            for pool, limits in self._limits().items()
            if limits != (None, 0)
        ]

    def want_nothing(self) -> None:
        """See `want_nothing_any_more`."""
        want_nothing_any_more(self)

    def _limits(self) -> dict[tuple[int, int], tuple[int | None, int]]:
        """The backorder limit and the safety stock of every pool. Nobody else ever sets any."""
        levels = self.shop.pools.items()
        return {pool: (level.backorder_limit, level.safety_stock) for pool, level in levels}


class Moved(NamedTuple):
    """Units of an order that were moved from a pool to another location."""

    order_id: int
    pool: Pool
    to_id: int
    units: int


class MovingHistory(PassingHistory):
    """Of a Shopify shop with two locations and holds; two of four stop selling on (then fewer wait)."""

    def __post_init__(self) -> None:
        """See `HeldHistory`; nothing was moved yet."""
        self.ours: list[Moved] = []
        self.theirs: set[int] = set()
        self._before: Counter[tuple[int, Pool]] = Counter()
        self._free: Counter[Pool] = Counter()
        super().__post_init__()
        self.killer = Killer(self)

    def _choose(self) -> None:
        super()._choose()
        with self.world.runtime.sessions.begin() as session:
            shop = get_shop(session, self.world.shop_id)
            change_preferences(session, shop, {"moves": True}, by="a test", now=self.world.clock())
        if self.seed % 4 in {1, 2}:
            stop_selling_on(self)

    def move(self) -> None:
        """See `History`; whose order it was is remembered."""
        before = self._to_ship()
        super().move()
        self.theirs |= {order_id for order_id, _ in before - self._to_ship()}

    def _watch(self) -> None:
        super()._watch()
        happen: Callable[[], None] = self.shop.before_request

        def before_request() -> None:
            happen()
            self._before = self._to_ship()

        self.shop.before_request = before_request

    def _look_at_writes(self) -> None:
        super()._look_at_writes()
        operation = self.shop.requests[-1].operation
        if operation == "Stock":
            self._free = Counter({Pool(*pool): n for pool, n in self._available().items()})
        if "fulfillmentOrderMove" in operation:
            self._note_move()
        is_about_moves = operation == "Movable" or "fulfillmentOrderMove" in operation
        if is_about_moves:
            self._note_endings()  # a move serves the order, and those that stay behind it
        self.killer.strike(_KILLS_AT_MOVES if is_about_moves else _KILLS)

    def _note_move(self) -> None:
        now = self._to_ship()
        gone, come = self._before - now, now - self._before
        for (order_id, pool), units in gone.items():
            to_id = next(one.location_id for _, one in come)
            move = Moved(order_id, pool, to_id, units)
            self.counts["moves"] += 1
            if any((one.order_id, one.pool) == (order_id, pool) for one in self.ours):
                self.wrong.append(f"{move} was moved before")
            self.ours.append(move)
            to = Pool(pool.item_id, to_id)
            self._free[to] -= units
            if self._free[to] < 0:
                self.wrong.append(f"{move} went where so many were not free when stock was read")

    def _to_ship(self) -> Counter[tuple[int, Pool]]:
        """Units still to ship, by order and pool."""
        found: Counter[tuple[int, Pool]] = Counter()
        for order_id in self.shop.orders:
            for part in self.shop.fulfillment_orders(order_id):
                if part.is_open:
                    for pool, units in self._units(part).items():
                        found[order_id, pool] += units
        return found

    def _available(self) -> dict[tuple[int, int], int]:
        return {pool: level.quantities["available"] for pool, level in self.shop.pools.items()}

    def verdict(self) -> list[str]:
        """Also whatever waits in the end though another location has it; and moves of which nobody was
        told how they ended."""
        found = super().verdict() + self._judge_rest() + self._judge_unanswered()
        return found + self._judge_what_is_given_back()

    def _judge_what_is_given_back(self) -> list[str]:
        """Once the merchant wants none of it any more, everything is as it was."""
        stopped = [one.detail for one in self.shop.journal if one.kind == "policy set"]
        self.counts["items whose selling was stopped"] += sum("DENY" in text for text in stopped)
        self.want_nothing()
        parts = [part for one in self.shop.orders for part in self.shop.fulfillment_orders(one)]
        held = sum(hold.app == "us" for part in parts for hold in part.holds if part.is_open)
        variants = [self.shop.books.variants.get(one.variant_id) for one in self.variants]
        denied = [one.sku for one in variants if one is not None and one.policy == "DENY"]
        found = [f"{held} holds of ours were not released"] if held else []
        return found + [f"{sku} is not sold on again" for sku in denied]

    def want_nothing(self) -> None:
        """See `want_nothing_any_more`."""
        want_nothing_any_more(self)

    def _judge_rest(self) -> list[str]:
        return [
            f"{self.world.order(order_id).name} waits for {units} of {pool}, which another location has"
            for order_id, short in self._short_by_pool().items()
            for pool, units in short.items()
            if self._may_move(order_id, pool, units)
        ]

    def _may_move(self, order_id: int, pool: Pool, units: int) -> bool:
        """Whether nothing of what may keep it there does."""
        if order_id in self.theirs | self.kept_back | self.ahead:
            return False
        if any((one.order_id, one.pool) == (order_id, pool) for one in self.ours):
            return False
        parts = [
            part
            for part in self.shop.fulfillment_orders(order_id)
            if part.location_id == pool.location_id
            and part.status in ("OPEN", "ON_HOLD")
            and all(hold.app == "us" for hold in part.holds)
            and self._units(part)[pool] >= units
        ]
        free = [
            count
            for (item_id, location_id), count in self._available().items()
            if item_id == pool.item_id and location_id != pool.location_id
        ]
        return bool(parts) and max(free, default=0) >= units and not self._is_refused(order_id)

    def _is_refused(self, order_id: int) -> bool:
        with self.world.runtime.sessions.begin() as session:
            key = (self.world.shop_id, order_id)
            order = session.get(Order, key)
            rows = session.query(MoveRow).filter_by(shop_id=key[0], order_id=order_id).all()
            states = {row.state for row in rows}
            return order is None or bool(states & {MoveState.REFUSED, MoveState.THEIRS})

    def _judge_unanswered(self) -> list[str]:
        with self.world.runtime.sessions.begin() as session:
            rows = session.query(MoveRow).filter_by(state=MoveState.SENDING).all()
            return [f"a move of {row.order_id} is still being sent" for row in rows]
