"""What is open, what the platform counts, and how the two are told apart: signed webhook → worker →
the shop."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.shopify.shop import ALL_SCOPES
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop

OpenShop = Callable[..., Stage]
Stop = Callable[[Stage, int], None]


@pytest.fixture
def shop_with(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> OpenShop:
    """Opens a shop with so many mugs, whose webhooks take some seconds."""

    def opened(stock: int = 0, **options: object) -> Stage:
        stage = open_shop(clean_pg, redis, settings, stock=stock, **options)
        stage.world.shop.webhooks.knobs.delay_s = (5, 5)
        return stage

    return opened


def lose_a_unit(stage: Stage) -> None:
    """A count finds one mug less."""
    stage.world.shop.adjust_stock(stage.mug.item_id, stage.main, -1)


def shown(stage: Stage, *order_ids: int) -> list[set[str]]:
    """The tags of these orders."""
    return [stage.world.tags(order_id) for order_id in order_ids]


# Open units that are not to be shipped now


def hold_by(app: str | None) -> Stop:
    """A hold of all of an order."""
    return lambda stage, order_id: stage.world.shop.hold(part_of(stage, order_id), app=app)


def part_of(stage: Stage, order_id: int) -> int:
    """The first part of an order."""
    return stage.world.shop.fulfillment_orders(order_id)[0].fulfillment_order_id


def schedule(stage: Stage, order_id: int) -> None:
    """Staff have an order sent next week."""
    later = stage.world.clock() + timedelta(days=7)
    stage.world.shop.schedule(part_of(stage, order_id), later)


def give_back(stage: Stage, order_id: int) -> None:
    """A warehouse can't ship an order."""
    stage.world.shop.give_back(part_of(stage, order_id))


@pytest.mark.parametrize("stop", [hold_by(None), hold_by("another app"), schedule, give_back])
def test_units_that_may_not_ship_now_stay_open_and_keep_their_place(
    stop: Stop, shop_with: OpenShop
) -> None:
    """Stock 3; A of 2, then B of 1, which is held; a unit is lost: B is short, and A is not."""
    stage = shop_with(3)
    first = stage.order(2)
    second = stage.order(1)
    stage.settle_down()
    stop(stage, second)
    stage.settle_down()

    lose_a_unit(stage)
    stage.settle_down()

    assert shown(stage, first, second) == [set(), {"backordered"}]


def test_an_older_order_on_hold_is_served_before_a_younger_one(shop_with: OpenShop) -> None:
    stage = shop_with(3)
    first = stage.order(2)
    second = stage.order(1)
    stage.settle_down()
    stage.world.shop.hold(part_of(stage, first))
    stage.settle_down()

    lose_a_unit(stage)
    stage.settle_down()

    assert shown(stage, first, second) == [set(), {"backordered"}]


def test_a_part_of_a_line_on_hold_is_open_as_well_after_another_order_was_released(
    shop_with: OpenShop,
) -> None:
    """Stock 4; A of 3, of which 2 are held, then B of 2: B lacks 1, before and after a hold of its own
    comes and goes."""
    stage = shop_with(4)
    first = stage.order(3)
    second = stage.order(2)
    stage.settle_down()
    part = stage.world.shop.fulfillment_orders(first)[0]
    line = part.lines[0].fulfillment_line_id
    stage.world.shop.hold(part.fulfillment_order_id, quantities={line: 2})
    hold = stage.world.shop.hold(part_of(stage, second))
    stage.settle_down()
    held = shown(stage, first, second)

    stage.world.shop.release_hold(part_of(stage, second), [hold])
    stage.settle_down()

    assert held == shown(stage, first, second) == [set(), {"backordered"}]
    assert '"short":1' in stage.world.metafields(second)["lines"].replace(" ", "")


def test_what_was_shipped_of_a_line_on_hold_is_open_no_more(shop_with: OpenShop) -> None:
    """Stock 3; A of 3 ships one and has the rest held, then B of 1: B is short, A is not."""
    stage = shop_with(3)
    first = stage.order(3)
    stage.settle_down()
    part = stage.world.shop.fulfillment_orders(first)[0]
    stage.world.shop.hold(part.fulfillment_order_id, quantities={part.lines[0].fulfillment_line_id: 2})
    stage.world.shop.fulfil(first)
    stage.settle_down()

    second = stage.order(1)
    stage.settle_down()

    assert shown(stage, first, second) == [set(), {"backordered"}]


def test_units_on_hold_at_two_locations_wait_where_they_are(shop_with: OpenShop) -> None:
    """Two at Main and two at the annex; an order of two at each, the younger one held; each place loses
    a unit: each order lacks one."""
    stage = shop_with(2)
    annex = stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex, 2)
    first, second = stage.order(2), stage.order(2)
    stage.settle_down()
    stage.world.shop.hold(part_of(stage, second))
    stage.settle_down()

    lose_a_unit(stage)
    stage.world.shop.adjust_stock(stage.mug.item_id, annex, -1)
    stage.settle_down()

    assert shown(stage, first, second) == [{"backordered"}, {"backordered"}]


# Open units that the platform commits no stock to yet


def preorder(stage: Stage, units: int, **options: object) -> int:
    """An order by a plan that reserves on fulfilment, which its app holds back once it is routed."""
    order_id = stage.order(units, selling_plan_id=77, reserves_on_fulfilment=True, **options)
    stage.world.clock.sleep(stage.world.shop.routing_delay_s)
    stage.world.shop.tick()
    stage.world.shop.hold(part_of(stage, order_id), app="preorders", handle="preorder")
    return order_id


def seconds_until_shown(stage: Stage, order_id: int) -> float:
    """How long an order took to be tagged, or all there is to wait for."""
    since = stage.world.clock()
    while stage.world.tags(order_id) != {"backordered"}:
        if stage.world.clock() - since > timedelta(minutes=10):
            return 600
        stage.world.clock.sleep(1)
        stage.world.deliver()
        stage.world.work()
    return (stage.world.clock() - since).total_seconds()


def test_an_order_that_commits_nothing_yet_waits_outside_the_queue(shop_with: OpenShop) -> None:
    """Stock 0; a preorder of 2, which commits nothing, then an order of 1: that one is tagged at once,
    and the preorder is shown as what it is."""
    stage = shop_with(0)
    ahead = preorder(stage, 2)
    stage.settle_down()
    now = stage.order(1)

    waited_s = seconds_until_shown(stage, now)
    stage.settle_down()

    assert waited_s < 30
    assert shown(stage, ahead, now) == [set(), {"backordered"}]
    assert "reserves stock for it later" in stage.order_page(ahead)
    assert "reserves stock for it later" not in stage.order_page(now)


def test_a_preorder_is_not_taken_for_an_order_that_is_on_its_way(shop_with: OpenShop) -> None:
    """An order of as many units is placed and its webhook is late: the figures look as if the preorder
    were committed, which by its plan it can't be before its hold ends."""
    stage = shop_with(0)
    ahead = preorder(stage, 2)
    stage.settle_down()
    stage.world.shop.webhooks.knobs.delay_s = (60, 60)
    now = stage.order(2)
    stage.world.shop.webhooks.knobs.delay_s = (0, 0)
    lose_a_unit(stage)
    tagged: list[set[str]] = []
    for _ in range(40):
        stage.world.deliver()
        stage.world.work()
        stage.world.clock.sleep(1)
        tagged.append(stage.world.tags(ahead))
    stage.settle_down()

    assert tagged == [set()] * len(tagged)
    assert shown(stage, ahead, now) == [set(), {"backordered"}]


def test_a_preorder_joins_the_queue_at_its_own_place_once_it_is_committed(shop_with: OpenShop) -> None:
    """Its hold ends with one mug there: it was placed before the other order, and lacks one of two."""
    stage = shop_with(0)
    ahead = preorder(stage, 2)
    now = stage.order(1)
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()
    served = shown(stage, ahead, now)

    stage.world.shop.release_hold(part_of(stage, ahead))
    stage.settle_down()

    assert served == [set(), {"backorder-released"}]
    assert shown(stage, ahead, now) == [{"backordered"}, {"backordered"}]


def test_a_scheduled_prepaid_order_joins_the_queue_on_its_day(shop_with: OpenShop) -> None:
    stage = shop_with(0)
    ahead = stage.order(2, selling_plan_id=77, reserves_on_fulfilment=True)
    stage.settle_down()
    schedule(stage, ahead)
    now = stage.order(1)
    stage.settle_down()
    before = shown(stage, ahead, now)

    stage.pass_hours(7 * 24)
    stage.settle_down()

    assert before == [set(), {"backordered"}]
    assert shown(stage, ahead, now) == [{"backordered"}, {"backordered"}]


def test_a_plan_that_reserves_at_once_waits_in_the_queue_even_on_hold(shop_with: OpenShop) -> None:
    stage = shop_with(0)
    ahead = stage.order(2, selling_plan_id=77)
    stage.settle_down()
    stage.world.shop.hold(part_of(stage, ahead), app="preorders")
    now = stage.order(1)
    stage.settle_down()

    assert shown(stage, ahead, now) == [{"backordered"}, {"backordered"}]


def test_of_two_preorders_the_one_that_was_let_go_waits_in_the_queue(shop_with: OpenShop) -> None:
    stage = shop_with(0)
    first, second = preorder(stage, 2), preorder(stage, 3)
    now = stage.order(1)
    stage.settle_down()

    stage.world.shop.release_hold(part_of(stage, second))
    stage.settle_down()

    assert shown(stage, first, second, now) == [set(), {"backordered"}, {"backordered"}]


def test_of_two_preorders_of_one_size_the_one_whose_day_has_come_waits_in_the_queue(
    shop_with: OpenShop,
) -> None:
    """By the figures it may be either. The webhook names a part that nobody has read yet, and our copy
    of the order is up to date: a reading of both tells."""
    stage = shop_with(0)
    later, sooner = (stage.order(1, selling_plan_id=77, reserves_on_fulfilment=True) for _ in range(2))
    stage.settle_down()
    for order_id, days in ((later, 30), (sooner, 1)):
        day = stage.world.clock() + timedelta(days=days)
        stage.world.shop.schedule(part_of(stage, order_id), day)
    now = stage.order(3)
    stage.settle_down()
    before = shown(stage, later, sooner, now)

    stage.world.shop.webhooks.knobs.delay_s = (0, 0)
    stage.pass_hours(25)
    stage.settle_down()

    assert before == [set(), set(), {"backordered"}]
    assert shown(stage, later, sooner, now) == [set(), {"backordered"}, {"backordered"}]


def test_units_that_the_platform_does_not_commit_are_named_after_a_minute(shop_with: OpenShop) -> None:
    """An order commits nothing though no plan says so: whoever is short for certain is tagged, and the
    page says why no more is known."""
    stage = shop_with(0)
    odd = stage.order(2, reserves_on_fulfilment=True)
    now = stage.order(1)
    stage.settle_down()

    assert shown(stage, odd, now) == [set(), {"backordered"}]
    assert "has not committed stock to" in item_page(stage)


def test_where_nobody_can_tell_which_order_is_not_committed_what_stands_stays(
    shop_with: OpenShop,
) -> None:
    """Two orders of one, one of them uncommitted: neither can be said to be short. A third that is short
    whichever of them it is, is."""
    stage = shop_with(0)
    odd = stage.order(1, reserves_on_fulfilment=True)
    same, larger = stage.order(1), stage.order(3)
    stage.settle_down()

    assert shown(stage, odd, same, larger) == [set(), set(), {"backordered"}]


def item_page(stage: Stage) -> str:
    """The text of the mug's page."""
    return stage.page(f"/shops/{stage.world.shop_id}/items/{stage.mug.item_id}")


# Committed units that are no orders


def draft(stage: Stage, units: int, *, hours: int = 1) -> int:
    """A draft order that reserves mugs for some hours."""
    until = stage.world.clock() + timedelta(hours=hours)
    made: int = stage.world.shop.draft_order([(stage.mug.variant_id, units)], reserve_until=until)
    return made


def test_a_draft_that_came_later_takes_nothing_from_a_paid_order(shop_with: OpenShop) -> None:
    """Three on hand, a paid order of three, then a draft that reserves two."""
    stage = shop_with(3)
    paid = stage.order(3)
    stage.settle_down()
    stage.world.clock.sleep(60)

    draft(stage, 2)
    stage.settle_down()

    assert shown(stage, paid) == [set()]
    page = item_page(stage)
    assert "Reserved by draft order #D1" in page
    assert "can't see" not in page


def test_a_draft_that_came_first_is_served_first(shop_with: OpenShop) -> None:
    stage = shop_with(3)
    draft(stage, 2)
    stage.world.clock.sleep(60)

    paid = stage.order(3)

    assert seconds_until_shown(stage, paid) < 30
    stage.settle_down()
    assert '"short":2' in stage.world.metafields(paid)["lines"].replace(" ", "")


@pytest.mark.parametrize("before_s", [0, 30])
def test_a_draft_as_large_as_what_is_sold_ahead_is_not_taken_for_it(
    before_s: int, shop_with: OpenShop
) -> None:
    """Four on hand, an order of 6, a draft that reserves 2, then a preorder of 2, half a minute later or
    in the same second: as many units are committed as are open, but not to those."""
    stage = shop_with(4)
    paid = stage.order(6)
    stage.settle_down()
    draft(stage, 2)
    stage.world.clock.sleep(before_s)

    ahead = stage.order(2, selling_plan_id=77, reserves_on_fulfilment=True)
    stage.settle_down()

    assert shown(stage, paid, ahead) == [{"backordered"}, set()]
    assert "reserves stock for it later" in stage.order_page(ahead)


@pytest.mark.parametrize("end", ["expires", "deleted", "completed"])
def test_the_end_of_a_draft_frees_what_it_had_reserved(end: str, shop_with: OpenShop) -> None:
    """Three on hand, a draft of two, an order of three: it is released when the draft ends. Completed,
    the draft is the youngest order, and short itself."""
    stage = shop_with(3)
    made = draft(stage, 2)
    stage.world.clock.sleep(60)
    paid = stage.order(3)
    stage.settle_down()
    late = None
    if end == "expires":
        stage.world.clock.sleep(3600)
    elif end == "deleted":
        stage.world.shop.delete_draft(made)
    else:
        late = stage.world.shop.complete_draft(made)
    stage.settle_down()

    assert shown(stage, paid) == [{"backorder-released"}]
    assert late is None or shown(stage, late) == [{"backordered"}]


def test_a_draft_that_became_an_order_is_not_before_it_though_another_reserves_as_much(
    shop_with: OpenShop,
) -> None:
    """Four on hand, one is ordered. Two drafts of two become orders, and others reserve as many units:
    the books balance with the old drafts as well, and by them the first would be short of a unit."""
    stage = shop_with(4)
    stage.order(1)
    drafts = [draft(stage, 2), draft(stage, 2)]
    stage.settle_down()

    first, second = (stage.world.shop.complete_draft(one) for one in drafts)
    stage.world.clock.sleep(1)
    draft(stage, 2)
    draft(stage, 2)
    stage.settle_down()

    assert shown(stage, first, second) == [set(), {"backordered"}]
    assert all(entry.order_id != first for entry in stage.world.shop.journal)
    assert '"short":1' in stage.world.metafields(second)["lines"].replace(" ", "")


@pytest.mark.parametrize("after_s", [60, 600])
def test_an_order_is_released_when_a_younger_draft_takes_the_place_of_one_before_it(
    after_s: int, shop_with: OpenShop
) -> None:
    """Within minutes of a reading of drafts that is told by the hourly check."""
    stage = shop_with(3)
    made = draft(stage, 2)
    stage.world.clock.sleep(60)
    paid = stage.order(3)
    stage.settle_down()
    stage.world.clock.sleep(after_s)

    stage.world.shop.delete_draft(made)
    draft(stage, 2, hours=3)
    stage.settle_down()
    if after_s < 300:
        stage.world.clock.sleep(3600)
        stage.settle_down()

    assert shown(stage, paid) == [{"backorder-released"}]


@pytest.fixture
def annex(shop_with: OpenShop) -> tuple[Stage, int]:
    """Three mugs at Main, none at the annex, where they are sold as well."""
    stage = shop_with(3)
    annex = stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex, 0)
    return stage, annex


@pytest.mark.parametrize("end", ["canceled", "shipped"])
def test_a_transfer_waits_in_its_turn_until_it_leaves_or_is_canceled(
    end: str, annex: tuple[Stage, int]
) -> None:
    """Three on hand, an order of three, then a transfer of two of them: the order is not short, unless
    staff send the mugs away all the same."""
    stage, place = annex
    paid = stage.order(3)
    stage.settle_down()
    stage.world.clock.sleep(60)
    transfer = stage.world.shop.open_transfer(stage.main, place, {stage.mug.item_id: 2})
    stage.settle_down()
    waiting = shown(stage, paid), item_page(stage)

    if end == "canceled":
        stage.world.shop.cancel_transfer(transfer.transfer_id)
    else:
        stage.world.shop.ship_transfer(transfer.transfer_id)
    stage.settle_down()

    assert waiting[0] == [set()]
    assert f"Reserved by transfer {transfer.name}" in waiting[1]
    assert shown(stage, paid) == [set() if end == "canceled" else {"backordered"}]


def test_drafts_and_transfers_at_two_locations_each_have_their_place(annex: tuple[Stage, int]) -> None:
    """Main holds 3: a transfer of 2, then an order of 2, which lacks 1. The annex holds 2: an order
    of 2, then a draft of 1, which alone is short."""
    stage, place = annex
    stage.world.shop.open_transfer(stage.main, place, {stage.mug.item_id: 2})
    stage.world.clock.sleep(60)
    at_main = stage.order(2)
    stage.world.clock.sleep(60)
    stage.settle_down()
    stage.world.shop.set_stock(stage.mug.item_id, place, 2)
    at_annex = stage.order(2)
    stage.world.clock.sleep(60)
    stage.settle_down()
    stage.world.shop.set_stock(stage.mug.item_id, place, 1)
    draft(stage, 1)
    stage.world.shop.set_stock(stage.mug.item_id, place, -1)
    stage.settle_down()

    assert shown(stage, at_main, at_annex) == [{"backordered"}, set()]
    assert '"short":1' in stage.world.metafields(at_main)["lines"].replace(" ", "")


# What may not be read


@pytest.fixture
def blind(shop_with: OpenShop) -> Stage:
    """A shop that lets nobody read its draft orders."""
    return shop_with(3, scopes=[scope for scope in ALL_SCOPES if scope != "read_draft_orders"])


def test_without_the_permission_a_draft_that_came_later_takes_nothing_either(blind: Stage) -> None:
    stage = blind
    paid = stage.order(3)
    stage.settle_down()
    stage.world.clock.sleep(60)

    draft(stage, 2)
    stage.settle_down()

    assert shown(stage, paid) == [set()]
    page = item_page(stage)
    assert "read_draft_orders" in page
    assert "Reading draft orders needs the permission" in page


def test_without_the_permission_no_change_of_a_draft_costs_a_minute(blind: Stage) -> None:
    """An order is short behind a draft; more drafts come and go: each next order is shown within
    seconds."""
    stage = blind
    stage.order(3)
    stage.settle_down()
    waits = []
    for _ in range(3):
        made = draft(stage, 1)
        stage.world.clock.sleep(60)
        waits.append(seconds_until_shown(stage, stage.order(1)))
        stage.settle_down()
        stage.world.shop.delete_draft(made)
        stage.settle_down()

    assert max(waits) < 30


def test_a_permission_that_is_taken_back_leaves_what_it_told_unexplained(shop_with: OpenShop) -> None:
    stage = shop_with(3)
    paid = stage.order(3)
    stage.settle_down()
    stage.world.clock.sleep(60)
    draft(stage, 2)
    stage.settle_down()

    stage.world.shop.set_scopes([scope for scope in ALL_SCOPES if scope != "read_draft_orders"])
    stage.settle_down()
    stage.pass_hours(0.5)
    stage.world.shop.adjust_stock(stage.mug.item_id, stage.main, 1)
    stage.settle_down()

    assert shown(stage, paid) == [set()]
    assert "Reserved by draft order" not in item_page(stage)


def test_a_permission_whose_end_nobody_told_stops_nothing(shop_with: OpenShop) -> None:
    """The webhook of it is lost: the shop works on, and learns what it may no more."""
    stage = shop_with(3)
    paid = stage.order(3)
    stage.settle_down()
    stage.world.shop.scopes = [scope for scope in ALL_SCOPES if scope != "read_draft_orders"]
    stage.world.clock.sleep(60)

    draft(stage, 2)
    stage.settle_down()

    assert (stage.status(), shown(stage, paid)) == ("active", [set()])
    assert "read_draft_orders" in stage.page()


def test_the_shop_page_names_the_permission_that_is_missing(blind: Stage) -> None:
    assert "read_draft_orders" in blind.page()
