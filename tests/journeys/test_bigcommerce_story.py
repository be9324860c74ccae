"""The whole way at a BigCommerce store: its hooks, its lagging stock figures, its staff notes."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import shops
from app.errors import NeedsMerchant
from app.sandbox.bigcommerce.records import AWAITING_FULFILLMENT, Variant
from app.sandbox.bigcommerce.records import Settings as StoreSettings
from app.settings import Settings
from tests.beginnings import begin
from tests.world import StoreWorld, make_store_world

LAG_S, QUIET_S = 60, 90
MANUAL_VERIFICATION, AWAITING_SHIPMENT = 12, 9


@dataclass
class Store:
    """A store that sells one mug at one location."""

    world: StoreWorld
    main: int
    mug: Variant

    def order(self, quantity: int = 1, **options: object) -> int:
        """A buyer orders mugs; returns the order's number."""
        return int(self.world.shop.place_order([(self.mug.variant_id, quantity)], **options))

    def restock(self, units: int) -> None:
        """Mugs come in."""
        self.world.shop.adjust_stock(self.mug.variant_id, self.main, units)

    def pass_s(self, seconds: float) -> None:
        """Let time pass in small steps, with webhooks and worker."""
        until = self.world.clock().timestamp() + seconds
        while self.world.clock().timestamp() < until:
            self.world.deliver()
            self.world.work()
            self.world.clock.sleep(1)


def open_store(engine: sa.Engine, redis: Redis, settings: Settings, /, **options: object) -> Store:
    """A connected store that has one mug, whose stock figures lag by a minute."""
    options = {"projection_delay_s": LAG_S, "quota_requests": 100_000} | options

    def play() -> tuple[StoreWorld, tuple[int, Variant]]:
        world = make_store_world(engine, redis, settings, **options)
        main = world.shop.add_location("Main")
        mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 1})
        world.clock.sleep(LAG_S)
        world.connect()
        world.quiet()
        return world, (main, mug)

    name = f"store with a mug, {sorted(options.items())}"
    world, (main, mug) = begin((engine, redis, settings), name, play)
    return Store(world, main, mug)


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A store with native backorders that lowers stock when an order is placed."""
    return open_store(clean_pg, redis, settings)


def test_of_two_buyers_of_the_last_one_only_the_second_waits(store: Store) -> None:
    first, second = store.order(note="Ring twice"), store.order(2, note="Gift")

    store.world.quiet()

    assert store.world.note(first) == "Ring twice"
    assert store.world.note(second) == (
        "Gift\n\n[backorder]\nbackordered\nWaiting for stock, no date known yet\n"
        "2 × Blue Mug (MUG-BLUE): no date known yet\n[/backorder]"
    )
    assert store.world.metafields(second)["status"] == "backordered"
    assert store.world.metafields(first) == {}
    assert store.world.shop.answer_problems == []


def test_a_tag_waits_only_until_the_figures_show_the_order(store: Store) -> None:
    store.order()
    second = store.order()

    store.pass_s(LAG_S + 20)

    assert store.world.tags(second) == {"backordered"}


def test_who_was_served_from_a_restock_is_not_tagged_by_figures_older_than_it(store: Store) -> None:
    """The store itself had units for the order; only the figures have none yet."""
    waiting = store.order(2)
    store.world.quiet()
    store.restock(4)
    served = store.order()

    store.pass_s(5)
    note = store.world.note(served)
    store.pass_s(LAG_S + QUIET_S)

    assert note == ""
    assert store.world.note(served) == ""
    assert "backorder-released" in store.world.note(waiting)


def test_an_order_is_not_released_while_another_item_of_it_may_be_short(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """The store had boards for it, but an older order has the first claim on them. (The figures don't
    lag here, which nobody can know.)"""
    store = open_store(clean_pg, redis, settings, projection_delay_s=0)
    shop = store.world.shop
    board = shop.add_product("Oak Board", sku="BOARD", stock={store.main: 3})
    order_id = shop.place_order([(store.mug.variant_id, 3), (board.variant_id, 3)])
    store.pass_s(15)
    before = store.world.tags(order_id)
    shop.place_order([(board.variant_id, 2)], at=store.world.clock() - timedelta(hours=1))
    mugs = next(line for line in shop.orders[order_id].lines if line.variant_id == store.mug.variant_id)
    shop.fulfil(order_id, {mugs.line_id: 2})
    store.restock(3)
    shown = set()
    for _ in range(LAG_S + QUIET_S):
        store.pass_s(1)
        shown |= store.world.tags(order_id)

    assert before == {"backordered"}
    assert shown == {"backordered"}


def test_an_order_that_lost_what_it_waited_for_may_be_short_of_more_than_the_figures_show(
    store: Store,
) -> None:
    """Of the boards, which an order just before it took, they don't know yet."""
    shop = store.world.shop
    board = shop.add_product("Oak Board", sku="BOARD", stock={store.main: 3})
    for _ in range(2):
        store.order()
    store.world.quiet()
    shop.place_order([(board.variant_id, 2)])
    order_id = shop.place_order([(store.mug.variant_id, 1), (board.variant_id, 2)])
    store.pass_s(15)
    before = store.world.note(order_id)

    shop.refund(order_id, {shop.orders[order_id].lines[0].line_id: 1})
    shown = set()
    for _ in range(LAG_S + QUIET_S):
        store.pass_s(1)
        shown |= {frozenset(store.world.tags(order_id))}

    assert "1 × Blue Mug (MUG-BLUE): no date known yet\n2 × Oak Board (BOARD): in stock" in before
    assert shown == {frozenset({"backordered"})}
    assert "1 of 2 × Oak Board (BOARD): no date known yet" in store.world.note(order_id)


def test_a_restock_releases_the_oldest_once_the_figures_have_caught_up(store: Store) -> None:
    store.order()
    waiting = [store.order(), store.order()]
    store.world.quiet()
    store.restock(1)

    store.pass_s(LAG_S / 2)
    early = [store.world.tags(order_id) for order_id in waiting]
    store.world.quiet()

    assert early == [{"backordered"}, {"backordered"}]
    assert store.world.tags(waiting[0]) == {"backorder-released"}
    assert store.world.tags(waiting[1]) == {"backordered"}
    assert store.world.metafields(waiting[0])["status"] == "released"


def test_a_new_order_holds_up_nobody_who_is_served_whether_the_figures_show_it_or_not(
    store: Store,
) -> None:
    """It takes the restocked mug at once, says the store; but it comes after who waits for it."""
    store.order()
    waiting = store.order()
    store.world.quiet()
    store.restock(1)
    store.pass_s(LAG_S + 5)
    late = store.order()
    store.pass_s(10)
    soon = store.world.tags(waiting)

    store.world.quiet()

    assert soon == {"backorder-released"}
    assert store.world.tags(waiting) == {"backorder-released"}
    assert store.world.tags(late) == {"backordered"}


def test_nobody_is_released_by_a_unit_that_a_newer_order_may_have_given_back(store: Store) -> None:
    """Its cancellation shows in the figures at once or a minute later: none of it is for who waits."""
    store.order()
    waiting, later = store.order(), store.order()
    store.world.quiet()
    store.world.shop.cancel_order(later)
    shown = set()
    for _ in range(LAG_S + QUIET_S):
        store.pass_s(1)
        shown |= store.world.tags(waiting)

    assert shown == {"backordered"}


def test_an_order_of_which_a_unit_was_taken_out_is_not_released_for_it(store: Store) -> None:
    """Figures that know neither this nor a new order make more seem to be on the shelf than is."""
    store.order()
    waits = store.order(2)
    store.world.quiet()
    assert "backordered" in store.world.tags(waits)
    store.order(3)
    store.pass_s(LAG_S + QUIET_S)

    line = store.world.shop.orders[waits].lines[0]
    store.world.shop.edit_order(waits, {line.line_id: 1})
    store.order(2)
    for _ in range(LAG_S + QUIET_S):
        store.pass_s(1)
        assert store.world.tags(waits) == {"backordered"}
    assert "1 × Blue Mug (MUG-BLUE): no date known yet" in store.world.note(waits)


def test_units_that_were_added_and_taken_out_again_are_no_release(store: Store) -> None:
    order_id = store.order()
    store.pass_s(LAG_S + QUIET_S)
    line = store.world.shop.orders[order_id].lines[0]
    store.world.shop.edit_order(order_id, {line.line_id: 3})
    store.world.quiet()
    assert store.world.tags(order_id) == {"backordered"}

    store.world.shop.edit_order(order_id, {line.line_id: 1})
    for _ in range(LAG_S + QUIET_S):
        store.pass_s(1)
        assert "backorder-released" not in store.world.tags(order_id)

    store.world.quiet()
    assert store.world.tags(order_id) == set()


def test_what_an_order_gave_back_before_it_was_read_first_is_nobody_elses_want(store: Store) -> None:
    """A buyer takes the last mug, staff type an older order for one, and the buyer cancels; webhooks
    come late. Figures of before that have no mug for the older order, which is not short."""
    shop = store.world.shop
    shop.webhooks.knobs.delay_s = (90, 90)
    younger = store.order()
    older = shop.place_order([(store.mug.variant_id, 1)], at=store.world.clock() - timedelta(hours=1))
    store.pass_s(85)
    shop.cancel_order(younger)

    shown = set()
    for _ in range(LAG_S + QUIET_S):
        store.pass_s(1)
        shown |= store.world.tags(older)

    assert shown == set()


def test_an_order_is_not_ours_before_it_is_paid(store: Store) -> None:
    order_id = store.order(3, is_incomplete=True)
    store.world.quiet()
    unpaid = store.world.tags(order_id)
    store.world.shop.pay_order(order_id)

    store.world.quiet()

    assert unpaid == set()
    assert store.world.tags(order_id) == {"backordered"}


def test_orders_that_lower_stock_only_when_shipped_are_served_in_turn(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    shipped = StoreSettings(
        has_native_backorders=False, update_stock_behavior="order_completed_or_shipped"
    )
    store = open_store(clean_pg, redis, settings, settings=shipped)
    first, second = store.order(), store.order()
    store.world.quiet()
    tagged = [store.world.tags(first), store.world.tags(second)]
    store.restock(1)

    store.world.quiet()

    assert tagged == [set(), {"backordered"}]
    assert store.world.tags(second) == {"backorder-released"}
    assert any("when an order is shipped" in text for text in limits(store))


def test_a_waiting_order_has_the_status_that_the_merchant_wants_for_it(store: Store) -> None:
    want_status(store, MANUAL_VERIFICATION)
    store.order()
    waiting = store.order()
    store.world.quiet()
    while_waiting = store.world.shop.orders[waiting].status_id
    store.restock(1)

    store.world.quiet()

    assert while_waiting == MANUAL_VERIFICATION
    assert store.world.shop.orders[waiting].status_id == AWAITING_FULFILLMENT


def test_a_status_that_staff_set_meanwhile_is_not_touched(store: Store) -> None:
    want_status(store, MANUAL_VERIFICATION)
    store.order()
    waiting = store.order()
    store.world.quiet()
    store.world.shop.set_status(waiting, AWAITING_SHIPMENT)
    store.restock(1)

    store.world.quiet()

    assert store.world.shop.orders[waiting].status_id == AWAITING_SHIPMENT
    assert store.world.tags(waiting) == {"backorder-released"}


def test_only_the_note_and_the_status_are_ever_sent(store: Store) -> None:
    want_status(store, MANUAL_VERIFICATION)
    for _ in range(4):
        store.order(note="Fragile")
    store.world.quiet()
    store.restock(2)
    store.world.quiet()

    written = {entry.kind for entry in store.world.shop.journal}
    assert written == {"note written", "status set", "metafield created", "metafield updated"}


def test_a_hook_that_was_switched_off_is_on_again_within_the_hour(store: Store) -> None:
    hooks = store.world.shop.webhooks.subscriptions
    for hook in hooks.values():
        hook.is_active = False
    store.order()
    waiting = store.order()
    store.world.quiet()
    unheard = store.world.tags(waiting)

    store.world.clock.sleep(3601)
    store.world.quiet()

    assert unheard == set()
    assert store.world.tags(waiting) == {"backordered"}
    assert all(hook.is_active for hook in hooks.values())


def test_a_store_is_told_which_of_its_settings_to_change(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    store = open_store(clean_pg, redis, settings, settings=StoreSettings(has_native_backorders=False))

    assert any("backorders are off" in text for text in limits(store))
    page = store.world.web.get(f"/shops/{store.world.shop_id}").get_data(as_text=True)
    assert "switch on backorders in Settings, Inventory" in page


def test_a_token_that_lacks_a_scope_does_not_connect(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    world = make_store_world(clean_pg, redis, settings)
    world.shop.add_location("Main")
    world.shop.set_scopes([one for one in world.shop.scopes if one != "store_inventory"])

    with pytest.raises(NeedsMerchant, match="store_inventory_read_only"):
        world.connect()


def want_status(store: Store, status_id: int) -> None:
    """What `backline shops status` does."""
    with store.world.runtime.sessions.begin() as session:
        shops.get_shop(session, store.world.shop_id).waiting_status_id = status_id


def limits(store: Store) -> list[str]:
    """What the store was told."""
    with store.world.runtime.sessions.begin() as session:
        return list(shops.get_shop(session, store.world.shop_id).limits)


@pytest.mark.parametrize("raised_for_s", [12, QUIET_S])
@pytest.mark.parametrize("lag_s", [1, LAG_S])
def test_an_order_raised_and_lowered_again_is_called_released_at_no_moment(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, lag_s: int, raised_for_s: int
) -> None:
    """Nothing arrived. Figures that still show the two more units say nothing of what is left of it."""
    store = open_store(clean_pg, redis, settings, projection_delay_s=lag_s)
    shop, order_id = store.world.shop, store.order()
    store.pass_s(2)
    line_id = shop.orders[order_id].lines[0].line_id
    shop.edit_order(order_id, {line_id: 3})
    store.pass_s(raised_for_s)
    before = store.world.note(order_id)
    shop.edit_order(order_id, {line_id: 1})
    notes = set()
    for _ in range(LAG_S + QUIET_S):
        store.pass_s(1)
        notes.add(store.world.note(order_id))

    assert before == "" or "2 of 3 × Blue Mug" in before
    assert notes <= {before, ""}
    assert store.world.note(order_id) == ""
