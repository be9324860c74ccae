"""Random histories in which restocks may pass over orders that they can't complete.

Who goes before whom is the app's choice; the oracle takes that from what was recorded, and holds
everything that follows from it, and the bounds of the choice, against the sandbox's true books.
"""

from collections import Counter, defaultdict

import sqlalchemy as sa

from app.db.models import TurnRow
from app.db.preferences import change_preferences
from app.db.shops import get_shop
from tests.held_histories import HeldHistory
from tests.histories import TURNS, History, StoreHistory, Taken, Turns

MOST = 2


def choose(history: History) -> None:
    """The merchant lets restocks pass orders over, twice at most."""
    world = history.world
    with world.runtime.sessions.begin() as session:
        wanted = {"restocks": "skip", "skip_times": MOST}
        shop = get_shop(session, world.shop_id)
        change_preferences(session, shop, wanted, by="a test", now=world.clock())
    TURNS[id(world.shop)] = lambda: turns_in(history)


def turns_in(history: History) -> Turns:
    """The turns that orders took, each the first of those it passed."""
    columns = (TurnRow.item_id, TurnRow.location_id, TurnRow.order_id)
    taken = (TurnRow.placed_at, TurnRow.passed_id, TurnRow.units)
    where = (TurnRow.shop_id == history.world.shop_id, TurnRow.units > 0)
    with history.world.runtime.sessions.begin() as session:
        rows = session.execute(sa.select(*columns, *taken).where(*where)).all()
    first: dict[tuple[int, int], dict[int, Taken]] = defaultdict(dict)
    for row in sorted(rows, key=lambda one: (one.placed_at, one.passed_id), reverse=True):
        turn = Taken(row.placed_at, row.passed_id, row.units)
        first[row.item_id, row.location_id][row.order_id] = turn
    return first


def broken_bounds(history: History) -> list[str]:
    """Orders that were passed over more often than the merchant allows, or by themselves."""
    with history.world.runtime.sessions.begin() as session:
        rows = session.scalars(sa.select(TurnRow).where(TurnRow.shop_id == history.world.shop_id)).all()
    pairs = {(row.passed_id, row.order_id) for row in rows}
    let = Counter(passed for passed, _ in pairs)
    history.counts["orders passed over"] += len(let)
    too_often = [f"{one} was passed over {count} times" for one, count in let.items() if count > MOST]
    return too_often + [f"{one} passed itself" for one, other in pairs if one == other]


class PassingHistory(HeldHistory):
    """Of a Shopify shop, with holds."""

    def _choose(self) -> None:
        super()._choose()
        choose(self)

    def verdict(self) -> list[str]:
        """Also orders that were passed over too often."""
        return super().verdict() + broken_bounds(self)


class PassingStoreHistory(StoreHistory):
    """Of a BigCommerce store."""

    def __post_init__(self) -> None:
        """See `StoreHistory`; the merchant chooses before anything happens."""
        super().__post_init__()
        self.before_playing = self._choose

    def _choose(self) -> None:
        choose(self)

    def verdict(self) -> list[str]:
        """Also orders that were passed over too often."""
        return super().verdict() + broken_bounds(self)
