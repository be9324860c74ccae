"""Random histories of a Shopify shop that holds what waits, and what must be on hold in the end.

As in tests/histories.py the oracle walks the sandbox's true books and shares no code with the product.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from app.sandbox.shopify.records import FulfillmentOrder, Hold
from tests.histories import History, committed_lines, queue_of, supply_of, turns_of

POLICIES = ("short", "order")
_HOLDABLE = ("OPEN", "SCHEDULED")


class Pool(NamedTuple):
    """An item at a location."""

    item_id: int
    location_id: int


class HeldHistory(History):
    """A history of a shop in which what waits is held: seeds of even number hold the units that are
    short, the others whole orders. Staff and other apps hold, release, split, merge and move besides."""

    def __post_init__(self) -> None:
        """See `History`; nobody has let go of any hold of ours yet."""
        self.policy = POLICIES[self.seed % 2]
        self.let_go: dict[int, set[Pool]] = defaultdict(set)
        super().__post_init__()
        self.before_playing = self._choose

    def _choose(self) -> None:
        from app.db import shops  # noqa: PLC0415
        from app.db.preferences import change_preferences  # noqa: PLC0415

        with self.world.runtime.sessions.begin() as session:
            shop = shops.get_shop(session, self.world.shop_id)
            now = self.world.clock()
            change_preferences(session, shop, {"holds": self.policy}, by="a test", now=now)

    def release(self) -> None:
        """Somebody releases one of the holds of a part, or all of them: ours, if it is among those, is
        not to be put back."""
        part = self._any_part("ON_HOLD")
        before = _ours(part)
        named = [self.random.choice(part.holds).hold_id]
        self.world.shop.release_hold(part.fulfillment_order_id, self.random.choice((None, named)))
        if before and not _ours(part):
            self.let_go[part.order_id] |= set(self._units(part))
            self.counts["holds of ours that somebody released"] += 1

    def verdict(self) -> list[str]:
        """Also every way in which something else is on hold than must be."""
        found = super().verdict()
        short = self._short_by_pool()
        for order_id in self.world.shop.orders:
            text = self._judge_holds(order_id, short.get(order_id, {}))
            found += [f"{self.world.order(order_id).name}: {text}"] if text else []
        return found + self._judge_strangers()

    def _judge_strangers(self) -> list[str]:
        """Nobody else's hold is ever touched."""
        journal = self.world.shop.journal
        placed = {entry.detail.split()[0] for entry in journal if entry.kind == "hold placed"}
        lifted = {entry.detail.split()[0] for entry in journal if entry.kind == "hold released"}
        self.counts["holds placed"], self.counts["holds lifted"] = len(placed), len(lifted)
        return [f"hold {number} of somebody else was released" for number in sorted(lifted - placed)]

    def _short_by_pool(self) -> Mapping[int, Mapping[Pool, int]]:
        """Units that are short by order, item and location."""
        found: dict[int, dict[Pool, int]] = defaultdict(dict)
        supplies, turns = supply_of(self.shop), turns_of(self.shop)
        for pool, lines in committed_lines(self.shop).items():
            left = max(0, supplies[pool])
            for order_id, units in queue_of(self.shop, pool, lines, turns):
                short = max(0, units - left)
                left = max(0, left - units)
                if order_id and short:
                    found[order_id][Pool(*pool)] = short
        return found

    def _judge_holds(self, order_id: int, short: Mapping[Pool, int]) -> str:
        """What is wrong with what is on hold of an order by us; empty if nothing is."""
        parts = [one for one in self.world.shop.fulfillment_orders(order_id) if one.is_open]
        held = sum((self._units(one) for one in parts if _ours(one)), Counter[Pool]())
        free = sum(
            (self._units(one) for one in parts if one.status in _HOLDABLE and not one.holds),
            Counter[Pool](),
        )
        everything = sum(map(self._units, parts), Counter[Pool]())
        want = Counter(short) if self.policy == "short" else everything if short else Counter[Pool]()
        want = want & everything
        must = Counter({pool: n for pool, n in want.items() if pool not in self.let_go[order_id]})
        if order_id in self.kept_back and not held:
            return ""
        if held - want:
            return f"{dict(held)} is on hold, and only {dict(want)} should be"
        if (must - held) & free:
            return f"{dict(held)} is on hold where {dict(must)} should be; {dict(free)} is free"
        return ""

    def _units(self, part: FulfillmentOrder) -> Counter[Pool]:
        """What is still to ship of a part, of items that are counted."""
        units: Counter[Pool] = Counter()
        for one in part.lines:
            line = self.shop.orders[part.order_id].line(one.line_id)
            if line.item_id is not None and one.remaining:
                units[Pool(line.item_id, part.location_id)] += one.remaining
        return units


def _ours(part: FulfillmentOrder) -> list[Hold]:
    return [hold for hold in part.holds if hold.app == "us"]
