"""Random histories in which the merchant removes the app, with work under way, and installs it again
later; in the end everything is taken back first. Workers are killed besides, as in
tests/moving_histories.py.

The platform goes on while the app is away. When it is back everything must come right, and what it had
changed before it was removed must still be given back as it was.
"""

from collections.abc import Callable

import sqlalchemy as sa

from app.db.models import SellingRow
from app.db.preferences import change_preferences
from app.db.shops import get_shop
from app.pipeline import leaving
from app.pipeline.connecting import install_shop
from app.platforms.base import Grant
from tests.goods import Goods
from tests.histories import OURS, History, split
from tests.moving_histories import KilledStoreHistory, MovingHistory, be_patient
from tests.passing_histories import PassingHistory, PassingStoreHistory

Act = tuple[int, Callable[[], None]]

_LEAVES, _COMES_BACK = 3, 12
"""How often either happens, beside an order in ten."""
_IS_TOLD = 0.75
_WAITING_STATUS = 12
"""Nobody else ever gives an order this status."""
_HAPPENS_WHILE_AWAY = 6
_TAKES_S = 2
"""Nobody installs an app within the second in which it was removed."""


class Leaver:
    """Removes the app from a history's shop, and installs it again."""

    def __init__(self, history: History) -> None:
        """It is installed now, and takes nothing back."""
        self._history = history
        self._shop = history.shop
        self.is_giving_back = False

    @property
    def is_away(self) -> bool:
        """Whether the platform lets the app in no more."""
        return bool(self._shop.faults.is_token_revoked)

    def acts(self, ours: list[Act]) -> list[Act]:
        """What may happen now, of what may otherwise: nobody tells an app anything that is not there."""
        if not self.is_away:
            return [*ours, (_LEAVES, self.uninstall)]
        told = [act for _, act in Goods.acts(self._history.goods)]
        return [*(one for one in ours if one[1] not in told), (_COMES_BACK, self.install_again)]

    def uninstall(self) -> None:
        """The merchant removes the app, whatever it is about to do. Shopify tells it by a webhook, which
        may be late or lost; a BigCommerce store calls, and one in four calls does not arrive."""
        self._shop.uninstall()
        world = self._history.world
        if world.platform == "bigcommerce" and self._history.random.random() < _IS_TOLD:
            now = world.clock()
            with world.runtime.sessions.begin() as session:
                shop = get_shop(session, world.shop_id)
                leaving.uninstall(session, shop, told_at=now, now=now, cause="a test")

    def install_again(self) -> None:
        """The merchant wants the app back: it is given a token as at the first time."""
        world = self._history.world
        world.clock.sleep(_TAKES_S)
        self._shop.oauth.install()
        name = "store_hash" if world.platform == "bigcommerce" else "domain"
        grant = Grant(self._shop.access_token)
        install_shop(world.runtime, world.platform, getattr(self._shop, name), grant)
        self._history.goods.take_token()

    def be_there(self) -> None:
        """At the end the app is installed."""
        if self.is_away:
            self.install_again()

    def give_back(self) -> None:
        """The merchant has everything taken back, before removing the app."""
        world, history = self._history.world, self._history
        self.is_giving_back = True
        with world.runtime.sessions.begin() as session:
            shop = get_shop(session, world.shop_id)
            change_preferences(session, shop, {"gives_back": True}, by="a test", now=world.clock())
        be_patient(world)
        # Whatever they showed, they show no more, and stock that comes now releases none of them.
        history.tagged.clear()
        history.copied.clear()
        with world.runtime.sessions() as session:
            told = leaving.left_at_platform(session, world.shop_id)
            changed = set(session.scalars(sa.select(SellingRow.item_id)))
        # How an item is sold that is not counted now can't be read, nor given back: that is told.
        uncounted = changed - {item_id for item_id, _ in self._shop.pools}
        left = told._replace(stopped=told.stopped - len(uncounted))
        if left.in_words:
            history.wrong.append(f"is said to be left though all was taken back: {left.in_words}")

    def judge_what_is_left(self) -> list[str]:
        """Whatever of ours still stands on an order, and whatever of others does not."""
        history, shop = self._history, self._shop
        found = []
        for order_id, order in shop.orders.items():
            if getattr(order, "is_archived", False):
                continue
            note, tags = history.world.note(order_id), history.world.tags(order_id)
            _, block, _ = split(note)
            marks = (tags & OURS, block, history.world.metafields(order_id))
            if any(marks):
                found.append(f"{order_id} still shows {marks}")
            if getattr(order, "status_id", None) == _WAITING_STATUS:
                found.append(f"{order_id} still has the status of orders that wait")
            if note != history.own_text[order_id] or tags - OURS != history.own_tags[order_id]:
                found.append(f"{order_id}: {history.own_text[order_id]!r} became {note!r}, {tags}")
        return found

    def go_and_come_back(self) -> None:
        """The app is removed at rest; a few things happen, and it is wanted again."""
        history = self._history
        self.uninstall()
        history.is_busy = False
        for _ in range(_HAPPENS_WHILE_AWAY):
            history.happen()
            history.world.clock.sleep(10)
            history.world.deliver()
            history.world.work()
        self.is_giving_back = False
        history.come_to_rest()


class _Leaving(History):
    """What a history of either platform has besides: a leaver."""

    at_rest: type[History]
    """Whose verdict counts once everything was taken back and the app came back again."""

    def __post_init__(self) -> None:
        """See `Leaver`."""
        super().__post_init__()
        self.leaver = Leaver(self)

    def acts(self) -> list[Act]:
        """The app comes and goes besides."""
        return self.leaver.acts(super().acts())

    def come_to_rest(self) -> None:
        """See `History`; the app is there."""
        self.leaver.be_there()
        super().come_to_rest()

    def want_nothing(self) -> None:
        """Everything is taken back, without any setting being changed."""
        self.leaver.give_back()

    def _was_true(self, order_id: int, short: set[int], *, put: bool) -> bool:
        return (self.leaver.is_giving_back and not put) or super()._was_true(order_id, short, put=put)

    def verdict(self) -> list[str]:
        """Also whatever is left when all was taken back, and what is wrong once the app is back."""
        found = super().verdict() + self.leaver.judge_what_is_left()
        self.leaver.go_and_come_back()
        return list(dict.fromkeys(found + self.at_rest.verdict(self)))


class LeavingHistory(_Leaving, MovingHistory):
    """Of a Shopify shop with two locations, holds, and moves."""

    at_rest = PassingHistory


class LeavingStoreHistory(_Leaving, KilledStoreHistory):
    """Of a BigCommerce store; in one of three, orders that wait have a status of their own."""

    at_rest = PassingStoreHistory

    def _choose(self) -> None:
        super()._choose()
        if self.seed % 3 == 1:
            with self.world.runtime.sessions.begin() as session:
                get_shop(session, self.world.shop_id).waiting_status_id = _WAITING_STATUS
