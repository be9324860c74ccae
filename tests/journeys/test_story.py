"""The whole way of an order: signed webhook → worker → what the shop shows → what the page says."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import shops
from app.db.models import Order
from app.errors import NeedsMerchant
from app.sandbox.shopify.shop import ALL_SCOPES
from app.settings import Settings
from tests.pipeline.stage import (
    SHORT_WITHOUT_DATE,
    Stage,
    block,
    mutations,
    open_shop,
    order_reads,
    rows,
)
from tests.world import World, make_world

OpenShop = Callable[..., Stage]
PRIVACY = "https://backline.test/webhooks/shopify"
ONE_MUG = block(SHORT_WITHOUT_DATE, "1 × Blue Mug (MUG-BLUE): no date known yet")
RELEASED = block("Released Nov 25, 2026: the stock has arrived")


@pytest.fixture
def shop_with(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> OpenShop:
    """Opens a shop with so many mugs."""
    return lambda stock=0, **options: open_shop(clean_pg, redis, settings, stock=stock, **options)


@pytest.fixture
def empty_shop(shop_with: OpenShop) -> Stage:
    """A shop that has run out of mugs."""
    return shop_with(0)


@pytest.fixture
def world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> World:
    """A shop that nobody has connected yet."""
    return make_world(clean_pg, redis, settings)


def dated(day: str, count: str = "1") -> str:
    """The block of an order whose mugs are expected on a day."""
    return block(f"Expected to ship by {day}", f"{count} × Blue Mug (MUG-BLUE): {day}")


# Who is short


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_of_two_orders_for_the_last_unit_the_later_is_tagged(
    is_shuffled: bool, shop_with: OpenShop
) -> None:
    stage = shop_with(1)
    stage.world.shop.webhooks.knobs.is_shuffled = is_shuffled
    first, second = stage.order(), stage.order()

    stage.settle_down()

    assert stage.looks_like(first) == (set(), "", {})
    assert (stage.world.tags(second), stage.world.note(second)) == ({"backordered"}, ONE_MUG)


def test_who_paid_first_is_served_first_whatever_order_came_first(shop_with: OpenShop) -> None:
    """A point of sale may send an order hours after it was placed: `processed_at` counts."""
    stage = shop_with(1)
    known_first = stage.order()
    paid_first = stage.order(processed_at=stage.world.clock() - timedelta(hours=3))

    stage.settle_down()

    assert [stage.world.tags(one) for one in (known_first, paid_first)] == [{"backordered"}, set()]


def test_a_restock_releases_the_oldest_orders_first(empty_shop: Stage) -> None:
    stage, orders = empty_shop, []
    for quantity in (2, 1, 1):
        orders.append(stage.order(quantity))
        stage.world.clock.sleep(60)
    stage.settle_down()

    stage.restock(3)
    stage.settle_down()

    assert [stage.world.tags(one) for one in orders] == [
        {"backorder-released"},
        {"backorder-released"},
        {"backordered"},
    ]
    assert [stage.world.note(one) for one in orders] == [RELEASED, RELEASED, ONE_MUG]


def test_orders_in_stock_are_never_touched_nor_read(shop_with: OpenShop) -> None:
    """Cost follows backorders, not orders."""
    stage = shop_with(50)
    before = len(stage.world.shop.requests)

    orders = [stage.order(2, note="Gift", tags=["vip"]) for _ in range(20)]
    stage.settle_down()

    assert order_reads(stage.world, since=before) == []
    assert mutations(stage.world, since=before) == []
    assert len(stage.world.shop.requests) - before <= 3
    assert all(stage.looks_like(one) == ({"vip"}, "Gift", {}) for one in orders)


def test_an_order_that_waits_is_read_once_before_it_is_tagged(empty_shop: Stage) -> None:
    """By the look that comes before the write, though it may have changed since it was told."""
    stage = empty_shop
    before = len(stage.world.shop.requests)

    order_id = stage.ordered()

    assert stage.world.tags(order_id) == {"backordered"}
    assert order_reads(stage.world, since=before) == ["Glance"]


def test_an_order_that_changed_is_looked_at_whole_though_the_first_look_was_lost(
    empty_shop: Stage,
) -> None:
    """The list of changed orders does not name it twice: newer changes have come after it."""
    stage, world = empty_shop, empty_shop.world
    cup = world.shop.add_product("Cup", sku="CUP", stock={stage.main: 9})
    order_id = stage.order()
    world.clock.sleep(10)
    stage.settle_down()
    stop_hearing(stage)
    world.clock.sleep(2)
    world.shop.add_tags(order_id, ["vip"])
    stage.restock(1)
    world.clock.sleep(20)
    world.shop.place_order([(cup.variant_id, 1)])
    world.shop.webhooks.knobs.loss_rate = 0
    before = len(world.shop.requests)

    def lose_the_look() -> None:
        is_listed = world.shop.requests[-1].operation == "Orders"
        if is_listed and not world.shop.faults.happened["lose_answer"]:
            world.shop.faults.once("lose_answer")

    world.shop.before_request = lose_the_look
    stage.order()  # the first that is heard of the restock
    stage.settle_down()
    # Past the wait after a lost answer, and before the hourly check, which reads on its own account.
    world.clock.sleep(10)
    stage.settle_down()

    assert world.tags(order_id) == {"vip", "backorder-released"}
    assert order_reads(world, since=before) == ["Orders", "LookWhole", "LookWhole"]


def test_a_custom_line_waits_for_nothing(empty_shop: Stage) -> None:
    order_id = empty_shop.world.shop.place_order([("Gift wrap", 2)])

    empty_shop.settle_down()

    assert empty_shop.looks_like(order_id) == (set(), "", {})


def test_an_item_that_is_not_counted_is_never_short(world: World) -> None:
    world.shop.add_location("Main")
    service = world.shop.add_product("Engraving", sku="ENGRAVE", tracked=False)
    world.connect()
    order_id = world.shop.place_order([(service.variant_id, 3)])

    world.quiet()

    assert (world.tags(order_id), world.note(order_id)) == (set(), "")


def test_an_item_no_longer_counted_is_short_no_more(empty_shop: Stage) -> None:
    order_id = empty_shop.order()
    empty_shop.settle_down()

    empty_shop.world.shop.set_tracked(empty_shop.mug.item_id, is_tracked=False)
    empty_shop.settle_down()

    assert "backordered" not in empty_shop.world.tags(order_id)


def test_an_item_counted_from_now_on_may_be_short(empty_shop: Stage) -> None:
    stage = empty_shop
    stage.world.shop.set_tracked(stage.mug.item_id, is_tracked=False)
    order_id = stage.order()
    stage.settle_down()
    uncounted = stage.world.tags(order_id)

    stage.world.shop.set_tracked(stage.mug.item_id, is_tracked=True)
    stage.settle_down()

    assert (uncounted, stage.world.tags(order_id)) == (set(), {"backordered"})


def test_a_closed_location_hands_its_waiting_orders_on(world: World) -> None:
    """What the annex could not ship is short at Main only as far as Main has nothing."""
    main, annex = world.shop.add_location("Main"), world.shop.add_location("Annex")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={annex: 0})
    world.connect()
    orders = [world.shop.place_order([(mug.variant_id, 1)]) for _ in range(2)]
    world.quiet()
    tagged = [world.tags(one) for one in orders]
    world.shop.set_stock(mug.item_id, main, 1)

    world.shop.deactivate_location(annex)
    world.quiet()

    assert tagged == [{"backordered"}, {"backordered"}]
    assert [world.tags(one) for one in orders] == [{"backorder-released"}, {"backordered"}]


# What is written, and what is left alone


def test_a_tag_the_merchant_put_before_stays_at_release(empty_shop: Stage) -> None:
    order_id = empty_shop.order(tags=["backordered", "vip"])
    empty_shop.settle_down()

    empty_shop.restock(1)
    empty_shop.settle_down()

    assert empty_shop.world.tags(order_id) == {"backordered", "backorder-released", "vip"}


@pytest.mark.parametrize("removed", ["block", "tag"])
def test_what_a_person_took_away_comes_back_only_with_a_new_promise(
    removed: str, empty_shop: Stage
) -> None:
    stage, world = empty_shop, empty_shop.world
    order_id = stage.order(2)
    stage.settle_down()
    if removed == "block":
        world.shop.edit_note(order_id, "I called her.")
    else:
        world.shop.remove_tags(order_id, ["backordered"])

    stage.settle_down()
    stage.pass_hours(2)
    left = stage.looks_like(order_id)
    stage.restock(1)
    stage.settle_down()

    half = block(SHORT_WITHOUT_DATE, "1 of 2 × Blue Mug (MUG-BLUE): no date known yet")
    if removed == "block":
        assert left[:2] == ({"backordered"}, "I called her.")
        assert world.note(order_id) == "I called her.\n\n" + half
    else:
        assert left[0] == set()
        assert world.note(order_id) == half
    assert world.tags(order_id) == {"backordered"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("VIP! ", ""),
        ("", "\n\nring twice  \n"),
        ("  Zeile 1\r\n\r\n", "\r\n– Grüße 🎁 [backorder] [/backorder"),
    ],
)
def test_a_persons_text_around_the_block_survives_byte_for_byte(
    before: str, after: str, empty_shop: Stage
) -> None:
    stage, world = empty_shop, empty_shop.world
    order_id = stage.order(note="Gift\r\nno invoice")
    stage.settle_down()
    shown = world.note(order_id)
    world.shop.edit_note(order_id, before + shown + after)

    world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()
    with_date = world.note(order_id)
    stage.restock(1)
    stage.settle_down()

    assert shown == "Gift\r\nno invoice\n\n" + ONE_MUG
    assert with_date == before + "Gift\r\nno invoice\n\n" + dated("Dec 5, 2026") + after
    assert world.note(order_id) == before + "Gift\r\nno invoice\n\n" + RELEASED + after


def test_a_full_note_is_left_alone_and_the_tag_still_comes(empty_shop: Stage) -> None:
    """The block does not fit: tag and metafields only, and the page says so."""
    stage, full = empty_shop, "x" * 4990
    order_id = stage.order(note=full)

    stage.settle_down()

    assert stage.world.note(order_id) == full
    assert stage.world.tags(order_id) == {"backordered"}
    assert stage.world.metafields(order_id)["status"] == "backordered"
    assert "The note is full: tag and metafields only" in stage.order_page(order_id)


def test_a_cancelled_order_keeps_no_trace(empty_shop: Stage) -> None:
    order_id = empty_shop.order(2, note="Gift", tags=["vip"])
    empty_shop.settle_down()
    tagged = empty_shop.world.tags(order_id)

    empty_shop.world.shop.cancel_order(order_id)
    empty_shop.settle_down()

    assert tagged == {"backordered", "vip"}
    assert empty_shop.looks_like(order_id) == ({"vip"}, "Gift", {})


def test_a_cancelled_released_order_keeps_no_trace(empty_shop: Stage) -> None:
    order_id = empty_shop.order(note="Gift")
    empty_shop.settle_down()
    empty_shop.restock(1)
    empty_shop.settle_down()
    released = empty_shop.world.tags(order_id)

    empty_shop.world.shop.cancel_order(order_id)
    empty_shop.settle_down()

    assert released == {"backorder-released"}
    assert empty_shop.looks_like(order_id) == (set(), "Gift", {})


def test_taking_the_short_unit_out_of_an_order_is_no_release(shop_with: OpenShop) -> None:
    """3 ordered, 2 on hand; the buyer is content with 2: nothing has arrived."""
    stage = shop_with(2)
    order_id = stage.order(3)
    stage.settle_down()
    tagged = stage.world.tags(order_id)

    stage.edit(order_id, 2)
    stage.settle_down()

    assert tagged == {"backordered"}
    assert stage.looks_like(order_id) == (set(), "", {})


def test_refunding_the_short_unit_is_no_release(shop_with: OpenShop) -> None:
    stage = shop_with(1)
    order_id = stage.order(2)
    stage.settle_down()

    stage.world.shop.refund(order_id, {stage.line_id(order_id): 1})
    stage.settle_down()

    assert stage.looks_like(order_id) == (set(), "", {})


def test_an_order_shipped_while_short_waits_no_more(empty_shop: Stage) -> None:
    """Somebody found the goods without counting them in; the next order is still short."""
    stage = empty_shop
    first, second = stage.order(), stage.order()
    stage.settle_down()

    stage.world.shop.fulfil(first)
    stage.settle_down()

    assert stage.looks_like(first) == (set(), "", {})
    assert stage.world.tags(second) == {"backordered"}


def stop_hearing(stage: Stage) -> None:
    """From here on webhooks are lost; those of our last writes have come."""
    stage.settle_down()
    stage.world.shop.webhooks.knobs.loss_rate = 1


def hide_change(stage: Stage, order_id: int, *, seen_after_s: float, is_stale: bool = False) -> None:
    """Our copy of an order looks as new as the order, whose last change nobody told us; it has been
    routed since."""
    stage.world.clock.sleep(5)
    stage.world.deliver()
    with stage.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (stage.world.shop_id, order_id))
        order.updated_at = stage.world.order(order_id).updated_at
        order.seen_at = order.updated_at + timedelta(seconds=seen_after_s)
        order.is_stale = is_stale


@pytest.mark.parametrize(("seen_after_s", "is_stale"), [(10, True), (0.5, False)])
def test_a_released_order_whose_cancelling_another_change_of_its_second_hides_is_read_hourly(
    seen_after_s: float, is_stale: bool, empty_shop: Stage
) -> None:
    """That is told after it, or alone: the times can't say which is newer."""
    stage = empty_shop
    order_id = stage.ordered(note="Gift")
    stage.restock(5)
    stage.settle_down()
    released = stage.world.tags(order_id)
    stop_hearing(stage)
    stage.world.shop.cancel_order(order_id)
    hide_change(stage, order_id, seen_after_s=seen_after_s, is_stale=is_stale)

    stage.pass_hours(1)

    assert released == {"backorder-released"}
    assert stage.looks_like(order_id) == (set(), "Gift", {})


def test_a_waiting_order_whose_cancelling_its_second_hides_is_found_by_the_books(
    empty_shop: Stage,
) -> None:
    stage = empty_shop
    first, second = stage.ordered(note="Gift"), stage.ordered()
    stop_hearing(stage)
    stage.world.shop.cancel_order(first)
    hide_change(stage, first, seen_after_s=0.5)

    stage.pass_hours(1)

    assert stage.looks_like(first) == (set(), "Gift", {})
    assert stage.world.tags(second) == {"backordered"}


def test_units_added_to_an_order_in_the_second_of_our_copy_are_found_by_the_books(
    shop_with: OpenShop,
) -> None:
    """Not counted as older demand of nobody we know, which would take the units of those before it. The
    list of changed orders is past that second: it has told of newer ones."""
    stage = shop_with(2)
    cup = stage.world.shop.add_product("Cup", sku="CUP", stock={stage.main: 9})
    first, second, last = stage.ordered(), stage.ordered(), stage.ordered()
    stop_hearing(stage)
    stage.edit(last, 2)
    hide_change(stage, last, seen_after_s=0.5)
    stage.world.clock.sleep(20)
    stage.world.shop.place_order([(cup.variant_id, 1)])

    stage.pass_hours(1)

    assert [stage.world.tags(one) for one in (first, second)] == [set(), set()]
    assert "2 × Blue Mug" in stage.world.note(last)


def test_two_changes_that_hide_in_their_seconds_and_leave_the_books_balanced_are_read_before_a_tag(
    shop_with: OpenShop,
) -> None:
    """One order is cancelled, a waiting one gets as many units more: an order between them is served."""
    stage = shop_with(1)
    world = stage.world
    served = stage.ordered()
    between = world.clock() + timedelta(seconds=30)
    world.clock.sleep(60)
    waiting = stage.ordered()
    stop_hearing(stage)
    world.shop.cancel_order(served)
    stage.edit(waiting, 2)
    for order_id in (served, waiting):
        hide_change(stage, order_id, seen_after_s=0.5)
    world.shop.webhooks.knobs.loss_rate = 0

    newcomer = stage.order(processed_at=between)
    stage.settle_down()

    tagged = [entry.order_id for entry in world.shop.journal if entry.kind == "tag added"]
    assert newcomer not in tagged
    assert "2 × Blue Mug" in world.note(waiting)


def test_what_the_search_shows_late_is_found_by_one_of_the_next_lists(empty_shop: Stage) -> None:
    """The tag that lets an order go first, not told. Lists that showed newer orders reach back."""
    stage, shop = empty_shop, empty_shop.world.shop
    stage.choose(priority_rules=[{"tag": "vip", "priority": 5}])
    first, preferred = stage.ordered(), stage.ordered()
    shop.faults.search_lag_s[preferred] = 4
    stop_hearing(stage)
    stage.world.clock.sleep(2)
    shop.add_tags(preferred, ["vip"])
    shop.webhooks.knobs.loss_rate = 0

    for _ in range(10):
        stage.order()
        stage.world.clock.sleep(1)
        stage.world.deliver()
        stage.world.work()
    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(preferred) == {"vip", "backorder-released"}


def test_a_deleted_order_is_forgotten_and_its_place_goes_to_the_next(empty_shop: Stage) -> None:
    stage = empty_shop
    first, second = stage.order(), stage.order()
    stage.settle_down()
    name = stage.world.order(first).name

    stage.world.shop.cancel_order(first)
    stage.world.shop.delete_order(first)
    stage.restock(1)
    stage.settle_down()

    assert first not in stage.world.shop.orders
    assert stage.world.tags(second) == {"backorder-released"}
    assert f">{name}<" not in stage.orders_page()


def test_a_date_that_moves_by_a_day_is_not_rewritten_and_by_two_it_is(empty_shop: Stage) -> None:
    """The quiet rule: 2 days unless the merchant says otherwise."""
    stage, order_id = empty_shop, empty_shop.order()
    stage.settle_down()
    arrival = stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()
    written = len(stage.world.shop.requests)

    arrival = stage.expect_instead(arrival, 5, "2026-12-06")
    stage.settle_down()
    after_a_day = (stage.world.note(order_id), mutations(stage.world, since=written))
    stage.expect_instead(arrival, 5, "2026-12-07")
    stage.settle_down()

    assert after_a_day == (dated("Dec 5, 2026"), [])
    assert stage.world.note(order_id) == dated("Dec 7, 2026")
    assert stage.world.metafields(order_id)["eta"] == "2026-12-07"


def test_the_date_falls_away_with_the_arrival_it_stood_on(empty_shop: Stage) -> None:
    """An arrival that came short of what was said: a promise without a ground is taken back."""
    stage, order_id = empty_shop, empty_shop.order()
    stage.world.deliver()
    stage.settle_down()
    arrival = stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()
    promised = stage.world.metafields(order_id).get("eta")

    stage.expect_instead(arrival, 0, "2026-12-05")
    stage.settle_down()

    assert promised == "2026-12-05"
    assert stage.world.note(order_id) == ONE_MUG
    assert "eta" not in stage.world.metafields(order_id)


def test_the_usual_lead_time_dates_what_no_arrival_covers(empty_shop: Stage) -> None:
    stage = empty_shop
    first, second = stage.order(), stage.order()
    stage.settle_down()

    stage.set_lead_time(14)
    stage.settle_down()
    stage.world.expect(stage.mug, 1, "2026-12-01")
    stage.settle_down()

    assert stage.world.note(first) == dated("Dec 1, 2026")
    assert stage.world.note(second) == dated("Dec 9, 2026")


def test_our_own_writes_come_back_and_find_nothing_to_do(empty_shop: Stage) -> None:
    """Writing twice sends nothing the second time, now or at the hourly check."""
    stage = empty_shop
    stage.order(2)
    stage.settle_down()
    written = len(stage.world.shop.requests)
    assert mutations(stage.world)

    stage.settle_down()
    stage.pass_hours(3)

    assert mutations(stage.world, since=written) == []


def test_an_order_is_written_in_one_request(empty_shop: Stage) -> None:
    """Tag, note and metafields together, so that nobody sees one without the others."""
    before = len(empty_shop.world.shop.requests)
    order_id = empty_shop.order()

    empty_shop.settle_down()

    written = {entry.request for entry in empty_shop.world.shop.journal if entry.order_id == order_id}
    assert len(mutations(empty_shop.world, since=before)) == 1
    assert len(written) == 1


# Finding out


def test_orders_from_before_the_app_are_imported_and_tagged(world: World) -> None:
    main = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 2})
    orders = [world.shop.place_order([(mug.variant_id, 1)]) for _ in range(4)]
    world.shop.tick()
    world.clock.sleep(3600)
    world.shop.tick()

    world.connect()
    world.quiet()

    assert [world.tags(one) for one in orders] == [set(), set(), {"backordered"}, {"backordered"}]


def test_more_than_a_thousand_open_orders_come_in_bulk_and_say_how_far(world: World) -> None:
    main = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 1000})
    orders = [world.shop.place_order([(mug.variant_id, 1)]) for _ in range(1003)]
    world.clock.sleep(60)
    world.shop.tick()
    seen = []

    def look() -> None:
        with world.runtime.sessions.begin() as session:
            shop = shops.get_shop(session, world.shop_id) if world.shop_id else None
        if shop is not None:
            seen.append((shop.import_done, shop.import_total))

    world.connect()
    world.after_request = look
    world.work()
    page = world.web.get(f"/shops/{world.shop_id}").get_data(as_text=True)
    world.quiet()

    assert len(world.shop.bulk_operations) == 1
    assert "OpenOrders" not in [one.operation for one in world.shop.requests]
    assert "<strong>Importing open orders:</strong> 0 of 1,003." in page
    assert {done for done, _ in seen} >= {0, 250, 500, 750, 1000, 1003}
    assert [one for one in orders if world.tags(one)] == orders[1000:]


@pytest.mark.parametrize("pause_s", [0, 0.02])
def test_many_orders_changed_at_once_are_all_seen_by_the_hourly_check(
    pause_s: float, shop_with: OpenShop
) -> None:
    """More than one page of them within a second or a few, and no webhook told of any. Most are in
    stock, so that nothing we write moves them out of the way."""
    stage = shop_with(290)
    stage.world.shop.webhooks.knobs.loss_rate = 1
    orders = []
    for _ in range(300):
        orders.append(stage.order())
        stage.world.clock.sleep(pause_s)
    late = sorted(orders)[290:] if pause_s == 0 else orders[290:]
    stage.settle_down()

    stage.pass_hours(1)
    stage.pass_hours(1)

    ever_tagged = {entry.order_id for entry in stage.world.shop.journal if entry.kind == "tag added"}
    assert {one for one in orders if stage.world.tags(one)} == set(late)
    assert ever_tagged == set(late)
    assert "are committed to something that Backline may not read" not in stage.page()


def test_a_flash_sale_tags_exactly_the_orders_that_came_too_late(shop_with: OpenShop) -> None:
    """Pain "401 oversold orders": 60 orders for 45 mugs in one second, told in any order."""
    stage = shop_with(45)
    stage.world.shop.webhooks.knobs.is_shuffled = True
    orders = [stage.order() for _ in range(60)]

    stage.settle_down()

    # Within one second the order's id decides.
    assert [one for one in orders if stage.world.tags(one)] == [
        one for one in orders if one in sorted(orders)[45:]
    ]


def test_orders_that_may_not_be_read_count_as_older_demand_after_a_minute(world: World) -> None:
    """Without `read_all_orders` an order older than 60 days is hidden, its committed unit is not."""
    main = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 2})
    hidden = world.shop.place_order([(mug.variant_id, 2)])
    world.shop.tick()
    world.clock.sleep(timedelta(days=61).total_seconds())
    world.shop.tick()
    world.connect()
    world.quiet()
    started, order_id = world.clock(), world.shop.place_order([(mug.variant_id, 1)])

    world.quiet()
    waited_s = (world.clock() - started).total_seconds()
    page = world.web.get(f"/shops/{world.shop_id}").get_data(as_text=True)
    again, next_order = world.clock(), world.shop.place_order([(mug.variant_id, 1)])
    world.quiet()
    next_waited_s = (world.clock() - again).total_seconds()

    assert (world.tags(hidden), world.tags(order_id)) == (set(), {"backordered"})
    assert 55 <= waited_s <= 75
    assert "2 of Blue Mug at Main: committed to something Backline" in page
    assert world.tags(next_order) == {"backordered"}
    assert next_waited_s <= 15


# Coming, going, and being refused


def test_an_uninstalled_shop_is_left_alone_and_its_token_is_gone(empty_shop: Stage) -> None:
    stage = empty_shop
    stage.order()
    stage.settle_down()
    stage.world.shop.uninstall()
    stage.settle_down()
    asked = len(stage.world.shop.requests)

    stage.order()
    stage.restock(5)
    stage.pass_hours(2)

    with stage.world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, stage.world.shop_id)
    assert len(stage.world.shop.requests) == asked
    assert (shop.status, shop.token_encrypted) == ("removed", None)
    assert "The app was uninstalled." in stage.page()


def test_a_reinstalled_shop_goes_on_where_it_was(empty_shop: Stage) -> None:
    stage, world = empty_shop, empty_shop.world
    order_id = stage.order()
    stage.settle_down()
    world.shop.uninstall()
    stage.settle_down()
    stage.restock(1)
    stage.pass_hours(5)
    gone = world.tags(order_id)

    world.shop.faults.is_token_revoked = False
    world.connect()
    world.quiet()

    assert gone == {"backordered"}
    assert world.tags(order_id) == {"backorder-released"}
    assert stage.status() == "active"


def test_a_shop_to_be_forgotten_takes_every_row_of_its_own_with_it(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """shop/redact: nothing of it is left, and nothing of another shop is touched."""
    stage = open_shop(clean_pg, redis, settings, compliance_address=PRIVACY)
    other = open_shop(clean_pg, redis, settings, domain="other.myshopify.com", seed=1)
    for one in (stage, other):
        one.order(2)
        one.settle_down()
        one.world.expect(one.mug, 1, "2026-12-05")
        one.settle_down()
    before = rows(clean_pg, shop_id=other.world.shop_id)

    stage.world.shop.uninstall()
    stage.settle_down()
    stage.world.clock.sleep(48 * 3600)
    stage.world.shop.redact_shop()
    stage.settle_down()

    assert rows(clean_pg, shop_id=stage.world.shop_id) == {}
    assert rows(clean_pg, shop_id=other.world.shop_id) == before
    assert {"orders", "promises", "shown", "events", "deliveries", "arrivals"} <= before.keys()
    assert stage.world.web.get(f"/shops/{stage.world.shop_id}").status_code == 404


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        ("request_customer_data", "Customer data request"),
        ("redact_customer", "Customer erasure request"),
    ],
)
def test_a_buyers_privacy_request_is_answered_and_logged(
    ask: str, kind: str, shop_with: OpenShop
) -> None:
    stage = shop_with(0, compliance_address=PRIVACY)
    order_id = stage.order()
    stage.settle_down()
    getattr(stage.world.shop, ask)(order_id)

    stage.settle_down()

    assert set(stage.world.answers) == {200}
    activity = stage.page(f"/shops/{stage.world.shop_id}/activity")
    assert kind in activity
    assert "1 order held, by number only" in activity
    assert stage.world.tags(order_id) == {"backordered"}


def test_a_finished_order_is_erased_when_its_buyer_is_to_be_forgotten(
    shop_with: OpenShop, clean_pg: sa.Engine
) -> None:
    stage = shop_with(1, compliance_address=PRIVACY)
    order_id = stage.order()
    stage.settle_down()
    stage.world.shop.fulfil(order_id)
    stage.settle_down()
    held = rows(clean_pg, shop_id=stage.world.shop_id).get("orders")

    stage.world.shop.redact_customer(order_id)
    stage.settle_down()

    assert held == 1
    assert "orders" not in rows(clean_pg, shop_id=stage.world.shop_id)


def test_a_finished_order_is_forgotten_after_sixty_days(
    shop_with: OpenShop, clean_pg: sa.Engine
) -> None:
    """Shipped from stock, nothing of ours on it: nobody needs our copy any more."""
    stage = shop_with(1)
    order_id = stage.order()
    stage.settle_down()
    stage.world.clock.sleep(60)
    stage.world.shop.fulfil(order_id)
    stage.settle_down()
    held = rows(clean_pg, shop_id=stage.world.shop_id).get("orders")

    stage.pass_hours(61 * 24)
    stage.pass_hours(1)

    assert held == 1
    assert "orders" not in rows(clean_pg, shop_id=stage.world.shop_id)


def test_a_revoked_token_pauses_the_shop_until_it_is_connected_again(empty_shop: Stage) -> None:
    stage, world = empty_shop, empty_shop.world
    world.shop.faults.is_token_revoked = True
    order_id = stage.order()
    stage.settle_down()
    paused, page = stage.status(), stage.page()
    asked = len(world.shop.requests)
    stage.order()
    stage.pass_hours(2)
    asked_while_paused = len(world.shop.requests) - asked

    world.shop.faults.is_token_revoked = False
    world.connect()
    world.quiet()

    assert (paused, asked_while_paused) == ("needs_merchant", 0)
    assert "Action needed." in page
    assert "refuses the access token: it is no longer valid, connect the shop again" in page
    assert stage.status() == "active"
    assert world.tags(order_id) == {"backordered"}
    assert "Action needed." not in stage.page()


def test_a_token_without_the_scopes_is_refused_and_nothing_is_kept(
    world: World, clean_pg: sa.Engine
) -> None:
    world.shop.scopes = [one for one in ALL_SCOPES if one not in ("write_orders", "read_inventory")]

    with pytest.raises(NeedsMerchant) as refused:
        world.connect()

    assert "read_inventory" in str(refused.value)
    assert "write_orders" in str(refused.value)
    assert world.shop.domain in str(refused.value)
    assert world.shop.access_token not in str(refused.value)
    assert rows(clean_pg, shop_id=1) == {}
    assert not world.shop.webhooks.subscriptions


def test_a_wrong_token_is_refused_and_nothing_is_kept(world: World, clean_pg: sa.Engine) -> None:
    world.shop.faults.is_token_revoked = True

    with pytest.raises(NeedsMerchant, match="the access token is no longer valid"):
        world.connect()

    assert rows(clean_pg, shop_id=1) == {}


# What support staff read


def test_the_pages_say_which_orders_wait_for_what_and_why(shop_with: OpenShop) -> None:
    stage = shop_with(1)
    covered, first, second = stage.order(), stage.order(2), stage.order()
    stage.settle_down()
    stage.world.expect(stage.mug, 2, "2026-12-05")
    stage.settle_down()

    index, listed = stage.page("/"), stage.orders_page()
    pages = [stage.order_page(one) for one in (first, second)]

    names = [stage.world.order(one).name for one in (covered, first, second)]
    assert '<td class="number">2</td>' in index
    assert '<td class="number">3</td>' in index
    assert f">{names[0]}<" not in listed
    assert listed.index(f">{names[1]}<") < listed.index(f">{names[2]}<")
    assert (
        "1 in stock, but 1 unit is owed to earlier orders. "
        "2 arrive Dec 5; this order gets the 1st and 2nd." in pages[0]
    )
    assert (
        "1 in stock, but 3 units are owed to earlier orders. No delivery is scheduled for it" in pages[1]
    )


def test_a_lost_answer_to_a_write_leaves_one_tag_and_one_block(empty_shop: Stage) -> None:
    """The write was applied, its answer lost: the next pass finds nothing to do."""
    stage, world = empty_shop, empty_shop.world
    order_id = stage.order(note="Gift")
    requests = iter(range(10**6))

    def lose_the_answer_to_the_write() -> None:
        if (
            world.shop.requests
            and world.shop.requests[-1].operation.startswith(("Glance", "Look"))
            and next(requests) == 0
        ):
            world.shop.faults.once("lose_answer")

    world.shop.before_request = lose_the_answer_to_the_write
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()

    assert world.shop.faults.happened["lose_answer"] == 1
    assert world.tags(order_id) == {"backorder-released"}
    assert world.note(order_id) == "Gift\n\n" + RELEASED
