"""What other systems' users complain of, each as a rule of ours: signed webhook → worker → the shop.

The numbers are those of the market survey, part (d); each docstring names the first report.
"""

import json
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.deliveries import PendingDelivery
from app.sandbox.shopify.records import Variant
from app.settings import Settings
from tests.pipeline.stage import SHORT_WITHOUT_DATE, Stage, block, mutations, open_shop, order_reads
from tests.world import World, make_world

OpenShop = Callable[..., Stage]


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


def short_of(world: World, order_id: int) -> dict[str, int]:
    """Units short by SKU, as the order's metafield says."""
    lines = json.loads(world.metafields(order_id).get("lines", "[]"))
    return {line["sku"]: line["short"] for line in lines}


def post(world: World, deliveries: Sequence[PendingDelivery]) -> None:
    """Hand over deliveries that were held back, in this order."""
    for delivery in deliveries:
        headers = dict(delivery.headers)
        assert (
            world.web.post("/webhooks/shopify", data=delivery.body, headers=headers).status_code == 200
        )


def mugs_wait(count: str) -> str:
    """The block of an order that waits for so many mugs."""
    return block(SHORT_WITHOUT_DATE, f"{count} × Blue Mug (MUG-BLUE): no date known yet")


def test_cutting_a_later_order_releases_no_earlier_one(empty_shop: Stage) -> None:
    """Pain 1, spree#7328 and #4574: order 2 was cut from 2 to 1, and order 1 released from nothing."""
    stage, world = empty_shop, empty_shop.world
    first, second = stage.order(3), stage.order(2)
    stage.settle_down()

    stage.edit(second, 1)
    stage.settle_down()

    assert [world.tags(one) for one in (first, second)] == [{"backordered"}, {"backordered"}]
    assert [world.note(one) for one in (first, second)] == [mugs_wait("3"), mugs_wait("1")]


def test_units_cut_from_an_earlier_order_serve_the_next(shop_with: OpenShop) -> None:
    """Pain 1, the other way round: what is really freed goes to whoever waits longest."""
    stage = shop_with(2)
    first, second, third = stage.order(2), stage.order(1), stage.order(1)
    stage.settle_down()

    stage.edit(first, 1)
    stage.settle_down()

    assert [stage.world.tags(one) for one in (first, second, third)] == [
        set(),
        {"backorder-released"},
        {"backordered"},
    ]


def test_an_abandoned_order_takes_nothing_of_a_restock(empty_shop: Stage) -> None:
    """Pain 2, spree PR#4056: carts that nobody paid for were filled before completed orders.

    Shopify commits nothing to a cart; an order that was given up before is the nearest there is.
    """
    stage, world = empty_shop, empty_shop.world
    abandoned, completed = stage.order(2), stage.order(1)
    world.shop.cancel_order(abandoned)
    stage.settle_down()

    stage.restock(1)
    stage.settle_down()

    assert world.tags(completed) == {"backorder-released"}
    assert stage.looks_like(abandoned) == (set(), "", {})


@pytest.mark.parametrize("parcels", [(2,), (1, 1), (5,), (1, 0, 4)])
def test_an_order_of_two_units_is_released_once_two_have_come(
    parcels: tuple[int, ...], empty_shop: Stage
) -> None:
    """Pain 3, spree PR#5163: an order of two stayed backordered however much arrived."""
    stage, world = empty_shop, empty_shop.world
    order_id = stage.order(2)
    stage.settle_down()

    for units in parcels:
        assert world.tags(order_id) == {"backordered"}
        if units:
            stage.restock(units)
        stage.settle_down()

    assert world.tags(order_id) == {"backorder-released"}
    assert world.metafields(order_id)["status"] == "released"


def test_a_partly_covered_order_keeps_what_it_has(shop_with: OpenShop) -> None:
    """Pain 4, Extensiv's Strict FIFO page: Monday's order of 2 has 1, Thursday's of 1 takes it."""
    stage = shop_with(1)
    monday = stage.order(2)
    stage.pass_hours(72)
    thursday = stage.order(1)
    stage.settle_down()
    notes = [stage.world.note(one) for one in (monday, thursday)]

    stage.restock(1)
    stage.settle_down()

    assert notes == [mugs_wait("1 of 2"), mugs_wait("1")]
    assert [stage.world.tags(one) for one in (monday, thursday)] == [
        {"backorder-released"},
        {"backordered"},
    ]


def test_splitting_a_shipment_covers_nothing(shop_with: OpenShop) -> None:
    """Pain 5, solidus PR#6319 and #6320: a split turned backordered units into units on hand."""
    stage = shop_with(1)
    world, order_id = stage.world, stage.order(3)
    stage.settle_down()
    part = world.shop.fulfillment_orders(order_id)[0]

    split_off = world.shop.split(part.fulfillment_order_id, {part.lines[0].fulfillment_line_id: 1})
    stage.settle_down()
    after_split = stage.looks_like(order_id)
    world.shop.merge([part.fulfillment_order_id, split_off])
    stage.settle_down()

    assert len(world.shop.fulfillment_orders(order_id)) == 2
    assert after_split[:2] == ({"backordered"}, mugs_wait("2 of 3"))
    assert stage.looks_like(order_id) == after_split


def test_shipping_the_covered_part_leaves_the_rest_short(shop_with: OpenShop) -> None:
    """Pain 5: after one of three has been shipped the other two still wait, and no more than two."""
    stage = shop_with(1)
    order_id = stage.order(3)
    stage.settle_down()

    stage.world.shop.fulfil(order_id, {stage.line_id(order_id): 1})
    stage.settle_down()

    assert stage.world.tags(order_id) == {"backordered"}
    assert stage.world.note(order_id) == mugs_wait("2")
    assert short_of(stage.world, order_id) == {"MUG-BLUE": 2}


def test_every_buyer_of_a_short_item_is_counted_with_their_own_units(shop_with: OpenShop) -> None:
    """Pain 6, magento/inventory #2454, #3178, #3181: 0, 0, 10 were recorded instead of 0, 2, 20."""
    stage = shop_with(10)
    orders = [stage.order(10), stage.order(2), stage.order(20)]

    stage.settle_down()

    assert [short_of(stage.world, one) for one in orders] == [{}, {"MUG-BLUE": 2}, {"MUG-BLUE": 20}]
    assert [stage.world.tags(one) for one in orders] == [set(), {"backordered"}, {"backordered"}]


def test_received_stock_is_not_resold_to_a_newcomer(empty_shop: Stage) -> None:
    """Pain 7, magento/inventory #3107: received stock was sold again before waiting orders shipped."""
    stage, world = empty_shop, empty_shop.world
    waiting = stage.order(2)
    stage.settle_down()

    stage.restock(2)
    newcomer = stage.order(2)
    stage.settle_down()

    assert world.tags(waiting) == {"backorder-released"}
    assert (world.tags(newcomer), world.note(newcomer)) == ({"backordered"}, mugs_wait("2"))


@pytest.mark.parametrize(("units", "said"), [(6, "6"), (1, "1"), (4, "4")])
def test_the_note_follows_an_edit_of_the_quantity(units: int, said: str, empty_shop: Stage) -> None:
    """Pain 8, woocommerce #25937: staff edited 4 to 6, and "backordered" stayed 4."""
    stage, order_id = empty_shop, empty_shop.order(4)
    stage.settle_down()

    stage.edit(order_id, units)
    stage.settle_down()

    assert stage.world.note(order_id) == mugs_wait(said)
    assert short_of(stage.world, order_id) == {"MUG-BLUE": units}


def test_an_order_in_stock_says_nothing_of_backorders(shop_with: OpenShop) -> None:
    """Pain 9, woocommerce #27705 and #28694: "can be backordered" shown while in stock scares buyers."""
    stage = shop_with(3)
    order_id = stage.order(3, note="Gift", tags=["vip"])

    stage.settle_down()

    assert stage.looks_like(order_id) == ({"vip"}, "Gift", {})


def test_a_partly_covered_order_is_seen_by_staff_everywhere(shop_with: OpenShop) -> None:
    """Pain 10, the review of vendure PR#4930: a paid order was quietly under-allocated."""
    stage = shop_with(1)
    order_id = stage.order(3, note="Call me")

    stage.settle_down()
    listed, page = stage.orders_page(), stage.order_page(order_id)

    assert stage.world.tags(order_id) == {"backordered"}
    assert stage.world.note(order_id) == "Call me\n\n" + mugs_wait("2 of 3")
    assert stage.world.metafields(order_id)["status"] == "backordered"
    assert f">{stage.world.order(order_id).name}<" in listed
    assert "2 of 3</td>" in listed
    assert "1 in stock; this order needs 3." in page


def test_an_order_never_waits_for_the_units_it_took_itself(shop_with: OpenShop) -> None:
    """Pain 11, medusa #6500 and #9821: reserved stock blocked the very order that reserved it.

    The order has brought `available` to 0, or below: its own units are not missing because of that.
    """
    stage = shop_with(3)
    order_id, next_one = stage.order(3), stage.order(1)
    stage.settle_down()

    stage.world.shop.fulfil(order_id)
    stage.settle_down()

    assert stage.world.order(order_id).lines[0].fulfilled == 3
    assert stage.looks_like(order_id) == (set(), "", {})
    assert stage.world.tags(next_one) == {"backordered"}


def test_a_recount_that_changes_nothing_writes_nothing(shop_with: OpenShop) -> None:
    """Pain 12, Shopify Community td-p/477936: an outside sync sets the stock it believes in."""
    stage = shop_with(1)
    order_id = stage.order(3)
    stage.settle_down()
    before, written = stage.looks_like(order_id), len(stage.world.shop.requests)

    stage.world.shop.set_stock(stage.mug.item_id, stage.main, 1, name="on_hand")
    stage.settle_down()

    assert stage.looks_like(order_id) == before
    assert mutations(stage.world, since=written) == []


def test_sold_units_that_a_sync_adds_again_and_takes_away_leave_no_error_behind(
    empty_shop: Stage,
) -> None:
    """Pain 12, shopify_python_api #728: sold units are added again, or taken off twice.

    The order shows what the shop's own figures say at each time; nothing adds up over the three.
    """
    stage, world, order_id = empty_shop, empty_shop.world, empty_shop.order(2)
    stage.settle_down()
    seen = []

    for available in (0, -4, -2, 0):  # added again, taken off twice, put right, restocked
        world.shop.set_stock(stage.mug.item_id, stage.main, available)
        stage.settle_down()
        seen.append((world.tags(order_id), short_of(world, order_id)))

    short = ({"backordered"}, {"MUG-BLUE": 2})
    released: tuple[set[str], dict[str, int]] = ({"backorder-released"}, {})
    assert seen == [released, short, short, released]


def test_what_no_webhook_told_is_found_within_the_hour(empty_shop: Stage) -> None:
    """Pain 13, laravel-shopify #591, and Shopify's own advice to reconcile: webhooks get lost."""
    stage, world = empty_shop, empty_shop.world
    world.shop.webhooks.knobs.loss_rate = 1
    order_id = stage.order(2)
    stage.settle_down()
    unknown = world.tags(order_id)

    stage.pass_hours(1)
    tagged = world.tags(order_id)
    stage.restock(2)
    stage.pass_hours(1)

    assert (unknown, tagged) == (set(), {"backordered"})
    assert world.tags(order_id) == {"backorder-released"}


def test_webhooks_in_the_wrong_order_tell_the_same(empty_shop: Stage) -> None:
    """Pain 13, ecommerce_integrations PR#425: "paid" came before "create"."""
    stage, world = empty_shop, empty_shop.world
    order_id = stage.order(2)
    world.clock.sleep(2)
    stage.edit(order_id, 3)
    world.clock.sleep(2)
    world.shop.tick()
    due = world.shop.webhooks.take_due(world.clock())

    post(world, due[::-1])
    stage.settle_down()

    assert next(one.topic for one in due if one.topic.startswith("orders/")) == "orders/create"
    assert world.note(order_id) == mugs_wait("3")


def test_a_webhook_of_yesterday_undoes_nothing(empty_shop: Stage) -> None:
    """Pain 13: Shopify delivers up to a day late. The old body says 2, the order has 5 by then."""
    stage, world = empty_shop, empty_shop.world
    order_id = stage.order(2)
    late = world.shop.webhooks.take_due(world.clock())
    world.clock.sleep(60)
    stage.edit(order_id, 5)
    stage.settle_down()
    early = world.note(order_id)

    stage.pass_hours(24)
    post(world, late)
    stage.settle_down()

    assert "orders/create" in [one.topic for one in late]
    assert (early, world.note(order_id)) == (mugs_wait("5"), mugs_wait("5"))


def test_a_twice_delivered_webhook_counts_once(shop_with: OpenShop) -> None:
    """Pain 13: every delivery comes twice, in any order."""
    stage = shop_with(2)
    knobs = stage.world.shop.webhooks.knobs
    knobs.duplicate_rate, knobs.is_shuffled = 1, True
    covered, short = stage.order(2), stage.order(1)

    stage.settle_down()

    assert [stage.world.tags(one) for one in (covered, short)] == [set(), {"backordered"}]
    assert short_of(stage.world, short) == {"MUG-BLUE": 1}


def test_stock_elsewhere_does_not_hide_a_shortage(world: World) -> None:
    """Pain 14, KASE's help page: an order is short where it ships from, whatever lies elsewhere."""
    main, annex = world.shop.add_location("Main"), world.shop.add_location("Annex")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 1, annex: 1})
    world.connect()
    order_id = world.shop.place_order([(mug.variant_id, 2)])

    world.quiet()

    assert world.tags(order_id) == {"backordered"}
    assert world.note(order_id) == mugs_wait("1 of 2")


def test_an_order_served_from_elsewhere_needs_no_correction(world: World) -> None:
    """Pain 14, "manual correction for every order": stock at the second location covers it."""
    main, annex = world.shop.add_location("Main"), world.shop.add_location("Annex")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 0, annex: 5})
    world.connect()
    world.quiet()
    before = len(world.shop.requests)

    orders = [world.shop.place_order([(mug.variant_id, 2)]) for _ in range(2)]
    world.quiet()

    assert [world.tags(one) for one in orders] == [set(), set()]
    assert order_reads(world, since=before) == []


def test_moving_a_short_order_to_where_the_stock_is_releases_it(world: World) -> None:
    """Pain 14: once staff send it from the annex, it waits for nothing."""
    main, annex = world.shop.add_location("Main"), world.shop.add_location("Annex")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 0, annex: 1})
    world.connect()
    order_id = world.shop.place_order([(mug.variant_id, 2)])
    world.quiet()
    tagged = world.tags(order_id)
    world.shop.adjust_stock(mug.item_id, annex, 1)

    world.shop.move(world.shop.fulfillment_orders(order_id)[0].fulfillment_order_id, annex)
    world.quiet()

    assert tagged == {"backordered"}
    assert world.tags(order_id) == {"backorder-released"}


@pytest.fixture
def tea_set(world: World) -> tuple[Variant, Variant]:
    """A bundle as Shopify expands it in an order: a pot and its cups, neither in stock."""
    main = world.shop.add_location("Main")
    pot = world.shop.add_product("Tea Pot", sku="POT", stock={main: 0})
    cup = world.shop.add_product("Tea Cup", sku="CUP", stock={main: 0})
    world.connect()
    return pot, cup


def test_a_bundle_waits_for_its_last_component(world: World, tea_set: tuple[Variant, Variant]) -> None:
    """Pain 15, the review of cornerstone PR#2674: the prompt ignored a bundle's components."""
    pot, cup = tea_set
    (main,) = world.shop.books.locations
    order_id = world.shop.place_order([(pot.variant_id, 1), (cup.variant_id, 4)])
    world.quiet()

    world.shop.adjust_stock(pot.item_id, main, 1)
    world.quiet()
    half = (world.tags(order_id), world.note(order_id))
    world.shop.adjust_stock(cup.item_id, main, 4)
    world.quiet()

    assert half[0] == {"backordered"}
    assert half[1] == block(
        SHORT_WITHOUT_DATE, "4 × Tea Cup (CUP): no date known yet", "1 × Tea Pot (POT): in stock"
    )
    assert world.tags(order_id) == {"backorder-released"}


def test_a_bundle_that_is_not_counted_itself_hides_no_short_component(world: World) -> None:
    """Pain 15, BCApps #8396: one parent bundle, which has no stock of its own, failed a whole batch."""
    main = world.shop.add_location("Main")
    parent = world.shop.add_product("Tea Set", sku="SET", tracked=False)
    cup = world.shop.add_product("Tea Cup", sku="CUP", stock={main: 3})
    world.connect()

    covered = world.shop.place_order([(parent.variant_id, 1), (cup.variant_id, 2)])
    short = world.shop.place_order([(parent.variant_id, 1), (cup.variant_id, 2)])
    world.quiet()

    assert (world.tags(covered), world.note(covered)) == (set(), "")
    assert world.tags(short) == {"backordered"}
    assert short_of(world, short) == {"CUP": 1}
