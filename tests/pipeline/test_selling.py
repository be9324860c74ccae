"""Selling on, by the merchant's wish: while orders wait, nothing is sold that no delivery covers, and
every change is given back as it was."""

import pytest
import sqlalchemy as sa
from redis import Redis
from werkzeug.test import TestResponse

from app.db.models import Event, SellingRow
from app.errors import NeedsMerchant
from app.pipeline.connecting import disconnect_shop
from app.sandbox.shopify.records import Variant
from app.sandbox.shopify.shop import ALL_SCOPES
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop
from tests.web.visitors import form_token


def open_selling(engine: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that sells mugs on although none is left, and lets us stop that."""
    scopes = (*ALL_SCOPES, "write_products")
    return open_shop(engine, redis, settings, stock=2, scopes=scopes, then=let_it_stop)


def let_it_stop(stage: Stage) -> None:
    """What no delivery covers is not sold."""
    stage.choose(selling="dated")


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """That shop."""
    return open_selling(clean_pg, redis, settings)


def policy(stage: Stage, variant: Variant | None = None) -> str:
    return stage.world.shop.books.variants[(variant or stage.mug).variant_id].policy


def writes(stage: Stage) -> list[str]:
    return [one.detail for one in stage.world.shop.journal if one.kind == "policy set"]


def events(stage: Stage) -> list[tuple[str, str]]:
    with stage.world.runtime.sessions.begin() as session:
        where = (Event.shop_id == stage.world.shop_id, Event.kind.like("selling%"))
        rows = session.execute(sa.select(Event.kind, Event.why).where(*where).order_by(Event.id))
        return [(kind, why) for kind, why in rows]


def rows(stage: Stage) -> list[SellingRow]:
    with stage.world.runtime.sessions.begin() as session:
        return list(session.scalars(sa.select(SellingRow)))


def post(stage: Stage, path: str, **fields: str) -> TestResponse:
    """Send a form of the page about selling."""
    address = f"/shops/{stage.world.shop_id}/selling"
    token = form_token(stage.world.web.get(address))
    return stage.world.web.post(f"{address}{path}", data={"csrf_token": token, **fields})


def test_it_is_off_until_the_merchant_wants_it(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    stage = open_shop(clean_pg, redis, settings)
    stage.order(5)
    stage.settle_down()

    assert (policy(stage), writes(stage)) == ("CONTINUE", [])


def test_selling_stops_where_no_delivery_covers_one_more(stage: Stage) -> None:
    stage.first_order(5)

    assert policy(stage) == "DENY"
    assert events(stage) == [
        ("selling stopped", "3 units are backordered, and no delivery is scheduled")
    ]


def test_what_a_delivery_leaves_over_is_sold_on(stage: Stage) -> None:
    stage.first_order()
    stage.world.expect(stage.mug, 10, "2026-12-09")
    stage.order(8)
    stage.settle_down()

    assert (policy(stage), writes(stage)) == ("CONTINUE", [])

    stage.order(5)
    stage.settle_down()

    assert policy(stage) == "DENY"
    assert events(stage)[-1][1] == "12 units are backordered, the delivery of Dec 9 covers 10"


def test_the_last_unit_that_a_delivery_leaves_over_is_the_last_one_sold(stage: Stage) -> None:
    stage.first_order()
    stage.world.expect(stage.mug, 10, "2026-12-09")
    stage.order(11)
    stage.settle_down()

    assert policy(stage) == "DENY"
    assert events(stage)[-1][1] == "10 units are backordered, the delivery of Dec 9 covers 10"


def test_a_restock_is_kept_for_the_orders_that_wait(stage: Stage) -> None:
    first = stage.first_order(5)

    stage.restock(2)
    stage.settle_down()

    assert policy(stage) == "DENY"
    assert stage.world.tags(first) == {"backordered"}


def test_selling_goes_on_as_before_once_there_is_stock_again(stage: Stage) -> None:
    stage.first_order(5)

    stage.restock(4)
    stage.settle_down()

    assert (policy(stage), rows(stage)) == ("CONTINUE", [])
    assert events(stage)[-1] == ("selling restored", "1 in stock for the next buyers")


def test_selling_goes_on_once_a_delivery_is_scheduled(stage: Stage) -> None:
    stage.first_order(5)

    stage.world.expect(stage.mug, 10, "2026-12-09")
    stage.settle_down()

    assert policy(stage) == "CONTINUE"
    assert events(stage)[-1] == (
        "selling restored",
        "3 units are backordered, the delivery of Dec 9 covers 10",
    )


def test_a_delivery_whose_day_has_passed_covers_nobody(stage: Stage) -> None:
    stage.first_order()
    stage.world.expect(stage.mug, 10, "2026-11-26")
    stage.order(3)
    stage.settle_down()
    before = policy(stage)

    stage.pass_hours(48)

    assert (before, policy(stage)) == ("CONTINUE", "DENY")


def test_by_the_wait_the_lead_time_is_enough(stage: Stage) -> None:
    stage.choose(selling="wait", longest_wait_days=14)
    stage.order(5)
    stage.settle_down()
    unknown = policy(stage)

    stage.set_lead_time(10)
    stage.settle_down()
    soon = policy(stage)
    stage.set_lead_time(20)
    stage.settle_down()

    assert (unknown, soon, policy(stage)) == ("DENY", "CONTINUE", "DENY")


def test_what_was_denied_before_us_is_not_ours(stage: Stage) -> None:
    stage.world.shop.set_policy(stage.mug.variant_id, "DENY")
    stage.world.shop.place_order([(stage.mug.variant_id, 5)], channel="pos")
    stage.settle_down()
    stage.restock(9)
    stage.settle_down()

    assert (policy(stage), writes(stage), rows(stage)) == ("DENY", [], [])


def test_what_a_person_sets_meanwhile_is_theirs(stage: Stage) -> None:
    stage.first_order(5)

    stage.world.shop.set_policy(stage.mug.variant_id, "CONTINUE")
    stage.pass_hours()
    stage.order(1)
    stage.settle_down()
    stage.pass_hours()

    assert (policy(stage), len(writes(stage))) == ("CONTINUE", 1)
    assert [kind for kind, _ in events(stage)] == ["selling stopped", "selling left"]


def test_what_a_person_set_is_ours_to_change_again_for_a_new_reason(stage: Stage) -> None:
    stage.first_order(5)
    stage.world.shop.set_policy(stage.mug.variant_id, "CONTINUE")
    stage.pass_hours()

    stage.restock(9)
    stage.settle_down()
    stage.order(9)
    stage.settle_down()

    assert policy(stage) == "DENY"


def test_switched_off_everything_is_as_it_was(stage: Stage) -> None:
    stage.first_order(5)
    before = policy(stage)

    stage.choose(selling="off")

    assert (before, policy(stage), rows(stage)) == ("DENY", "CONTINUE", [])


def test_an_item_that_the_merchant_excepts_is_given_back(stage: Stage) -> None:
    stage.first_order(5)

    post(stage, f"/items/{stage.mug.item_id}", sells_freely="yes")
    stage.settle_down()

    assert policy(stage) == "CONTINUE"


def test_no_more_items_are_changed_than_the_shop_allows(stage: Stage) -> None:
    cup = stage.world.shop.add_product("Cup", sku="CUP", stock={stage.main: 0})
    stage.choose(most_stopped_items=1)
    stage.order(5)
    stage.settle_down()
    stage.world.shop.place_order([(cup.variant_id, 1)])
    stage.settle_down()
    few = (policy(stage), policy(stage, cup))

    stage.choose(most_stopped_items=2)

    assert few == ("DENY", "CONTINUE")
    assert policy(stage, cup) == "DENY"


def test_variants_of_one_product_are_changed_in_one_request(stage: Stage) -> None:
    red = stage.world.shop.add_product(
        "Blue Mug", sku="MUG-RED", variant_title="Red", product_id=stage.mug.product_id
    )
    stage.world.shop.set_stock(red.item_id, stage.main, 0)
    since = len(stage.world.shop.requests)
    stage.world.shop.place_order([(stage.mug.variant_id, 5), (red.variant_id, 1)])
    stage.settle_down()

    sent = [one for one in stage.world.shop.requests[since:] if "productVariants" in one.operation]
    assert (policy(stage), policy(stage, red), len(sent)) == ("DENY", "DENY", 1)


def test_an_item_costs_twelve_points_to_stop_and_as_many_to_give_back(stage: Stage) -> None:
    """docs/costs.md says so; while it is stopped, its policy is read each time its stock is."""
    stage.order(3)
    stage.settle_down()
    stopped = _points(stage)
    stage.restock(2)
    stage.settle_down()

    assert stopped == {"Policies": 2, "mutation productVariantsBulkUpdate": 10}
    assert _points(stage) == {"Policies": 4, "mutation productVariantsBulkUpdate": 20}


def _points(stage: Stage) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in stage.world.shop.requests:
        if "olicies" in one.operation or "productVariants" in one.operation:
            found[one.operation] = found.get(one.operation, 0) + one.actual_cost
    return found


def test_without_the_permission_nothing_is_changed(stage: Stage) -> None:
    revoke(stage)
    stage.order(5)
    stage.settle_down()

    assert (policy(stage), writes(stage), stage.status()) == ("CONTINUE", [], "active")


def test_a_permission_that_is_withdrawn_is_said_and_the_shop_goes_on(stage: Stage) -> None:
    stage.first_order(5)
    revoke(stage)

    stage.choose(selling="off")
    stage.settle_down()

    assert (policy(stage), stage.status()) == ("DENY", "active")
    assert events(stage)[-1] == (
        "selling refused",
        "Backline lacks the permission to change it: grant write_products, or change it yourself",
    )


def revoke(stage: Stage) -> None:
    kept = [one for one in stage.world.shop.scopes if one != "write_products"]
    stage.world.shop.set_scopes(kept)
    stage.settle_down()


def test_a_variant_that_is_gone_is_forgotten(stage: Stage) -> None:
    stage.first_order(5)

    stage.world.shop.delete_product(stage.mug.product_id)
    stage.pass_hours()

    assert rows(stage) == []
    assert stage.status() == "active"


def test_a_shop_is_not_disconnected_while_something_of_ours_stands(stage: Stage) -> None:
    stage.first_order(5)

    with pytest.raises(NeedsMerchant, match="--selling off"):
        disconnect_shop(stage.world.runtime, stage.world.shop_id)
    disconnect_shop(stage.world.runtime, stage.world.shop_id, leaves_selling=True)

    assert stage.status() == "removed"


def test_what_was_left_behind_is_given_back_by_whoever_installs_again(stage: Stage) -> None:
    stage.first_order(5)
    disconnect_shop(stage.world.runtime, stage.world.shop_id, leaves_selling=True)
    stage.restock(9)

    stage.world.connect()
    stage.settle_down()

    assert (policy(stage), rows(stage)) == ("CONTINUE", [])


@pytest.fixture
def killed(stage: Stage) -> Stage:
    """Whose worker is killed as the answer to the next change of a policy comes."""
    _kill_at_next_change(stage)
    return stage


def _kill_at_next_change(stage: Stage) -> None:
    def kill() -> None:
        if "productVariantsBulkUpdate" in stage.world.shop.requests[-1].operation:
            stage.world.after_request = lambda: None
            raise KeyboardInterrupt

    stage.world.after_request = kill


def test_a_worker_that_is_killed_between_write_and_record_loses_nothing(killed: Stage) -> None:
    killed.order(5)
    with pytest.raises(KeyboardInterrupt):
        killed.settle_down()
    between = [row.state for row in rows(killed)]
    killed.world.clock.sleep(120)
    killed.settle_down()
    after, told = [row.state for row in rows(killed)], [kind for kind, _ in events(killed)]

    killed.choose(selling="off")

    assert (between, after, told) == (["setting"], ["set"], ["selling stopped"])
    assert (policy(killed), rows(killed)) == ("CONTINUE", [])


def test_a_worker_that_is_killed_as_it_sets_something_back_sets_back_nothing_else(stage: Stage) -> None:
    stage.first_order(5)
    _kill_at_next_change(stage)
    stage.restock(9)
    with pytest.raises(KeyboardInterrupt):
        stage.settle_down()
    between = [row.state for row in rows(stage)]
    stage.world.clock.sleep(120)
    stage.settle_down()

    assert (between, policy(stage), rows(stage)) == (["restoring"], "CONTINUE", [])
    stage.world.shop.set_policy(stage.mug.variant_id, "DENY")
    stage.pass_hours()
    assert policy(stage) == "DENY"


def test_items_are_not_read_that_the_limit_lets_nobody_change(stage: Stage) -> None:
    stage.choose(most_stopped_items=1)
    stage.order(3)
    stage.settle_down()
    since = len(stage.world.shop.requests)
    for number in range(5):
        cup = stage.world.shop.add_product("Cup", sku=f"CUP-{number}", stock={stage.main: 0})
        stage.world.shop.place_order([(cup.variant_id, 1)])
    stage.settle_down()
    stage.pass_hours()

    read = [one for one in stage.world.shop.requests[since:] if "olicies" in one.operation]
    assert [one.actual_cost for one in read] == [2] * len(read)
