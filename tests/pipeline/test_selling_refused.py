"""What the platform refuses of selling: it stops neither the shop nor other items, and nothing that may
stand is forgotten."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.shopify.records import Variant
from app.sandbox.shopify.shop import ALL_SCOPES
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop
from tests.pipeline.test_selling import events, let_it_stop, policy, post, revoke, rows, writes

SCOPES = (*ALL_SCOPES, "write_products")


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that sells mugs on although none is left, and lets us stop that."""
    return open_shop(clean_pg, redis, settings, stock=2, scopes=SCOPES, then=let_it_stop)


def withdraw(stage: Stage) -> None:
    """Take the permission back, of which no webhook tells."""
    stage.world.shop.scopes = [one for one in SCOPES if one != "write_products"]


def sell_cup(stage: Stage, **of_product: int) -> Variant:
    """A cup of which none is left."""
    return stage.world.shop.add_product("Cup", sku="CUP", stock={stage.main: 0}, **of_product)


def page(stage: Stage) -> str:
    return stage.page(f"/shops/{stage.world.shop_id}/selling")


def asked_to_write(stage: Stage) -> int:
    return sum("productVariants" in one.operation for one in stage.world.shop.requests)


def kinds(stage: Stage) -> list[str]:
    return [kind for kind, _ in events(stage)]


def test_a_permission_withdrawn_in_silence_stops_nothing_but_the_selling(stage: Stage) -> None:
    withdraw(stage)
    waiting = stage.order(5)
    stage.settle_down()

    assert (policy(stage), stage.status()) == ("CONTINUE", "active")
    assert stage.world.tags(waiting) == {"backordered"}
    assert kinds(stage) == ["selling refused"]


def test_a_refusal_is_said_once_however_often_it_is_met(stage: Stage) -> None:
    stage.first_order(5)
    withdraw(stage)
    stage.choose(selling="off")
    for _ in range(3):
        stage.pass_hours()
    said = kinds(stage).count("selling refused")
    for _ in range(3):
        stage.pass_hours()

    assert (policy(stage), stage.status()) == ("DENY", "active")
    assert kinds(stage).count("selling refused") == said <= 2


def test_a_permission_granted_in_silence_is_used_from_the_next_check_on(stage: Stage) -> None:
    withdraw(stage)
    stage.order(5)
    stage.settle_down()

    stage.world.shop.scopes = SCOPES
    stage.pass_hours()

    assert policy(stage) == "DENY"


def test_a_permission_granted_after_saving_is_used_at_once(stage: Stage) -> None:
    stage.world.shop.set_scopes([one for one in SCOPES if one != "write_products"])
    stage.settle_down()
    stage.order(5)
    stage.settle_down()

    stage.world.shop.set_scopes(SCOPES)
    stage.settle_down()

    assert policy(stage) == "DENY"


def test_nothing_is_kept_of_what_was_refused_and_does_not_stand(stage: Stage) -> None:
    withdraw(stage)
    stage.order(5)
    stage.settle_down()
    stage.pass_hours()

    assert rows(stage) == []


def test_one_that_is_refused_keeps_no_other_from_being_stopped(stage: Stage) -> None:
    """The variants of a product are changed together, all or none: one of them is denied what the
    others are not."""
    cup = sell_cup(stage, product_id=stage.mug.product_id)
    stage.world.shop.faults.refused_variants = {cup.variant_id}
    stage.world.shop.place_order([(stage.mug.variant_id, 5), (cup.variant_id, 1)])
    stage.settle_down()

    assert (policy(stage), policy(stage, cup)) == ("DENY", "CONTINUE")


def test_the_page_tells_what_was_refused_until_it_is_done(stage: Stage) -> None:
    stage.world.shop.faults.refused_variants = {stage.mug.variant_id}
    stage.order(5)
    stage.settle_down()
    told = "Variant can&#39;t be changed" in page(stage)
    stage.world.shop.faults.refused_variants = set()
    stage.pass_hours()

    assert (told, "Could not be changed" in page(stage), policy(stage)) == (True, False, "DENY")


def test_what_is_refused_again_and_again_is_tried_once_an_hour(stage: Stage) -> None:
    stage.world.shop.faults.refused_variants = {stage.mug.variant_id}
    stage.order(5)
    stage.settle_down()
    for _ in range(10):
        stage.world.clock.sleep(60)
        stage.settle_down()
    tried = asked_to_write(stage)
    for _ in range(3):
        stage.pass_hours()

    assert (tried, kinds(stage)) == (4, ["selling refused"])
    assert asked_to_write(stage) - tried <= 6


def test_what_is_refused_takes_no_place_of_those_that_may_be_changed(stage: Stage) -> None:
    cup = sell_cup(stage)
    stage.choose(most_stopped_items=1)
    stage.world.shop.faults.refused_variants = {stage.mug.variant_id}
    stage.order(5)
    stage.settle_down()
    stage.world.shop.place_order([(cup.variant_id, 1)])
    stage.settle_down()

    assert (policy(stage), policy(stage, cup)) == ("CONTINUE", "DENY")


def test_what_was_refused_is_written_once_it_may_be(stage: Stage) -> None:
    stage.world.shop.faults.refused_variants = {stage.mug.variant_id}
    stage.order(5)
    stage.settle_down()
    stage.world.shop.faults.refused_variants = set()
    stage.pass_hours()
    stopped = policy(stage)

    stage.choose(selling="off")

    assert (stopped, policy(stage), rows(stage), len(writes(stage))) == ("DENY", "CONTINUE", [], 2)


def test_what_nobody_said_was_done_is_given_back_where_it_was(stage: Stage) -> None:
    stage.world.shop.faults.mutes_policies = True
    stage.order(5)
    stage.settle_down()
    stage.world.shop.faults.mutes_policies = False

    stage.choose(selling="off")

    assert (policy(stage), rows(stage)) == ("CONTINUE", [])


def test_what_could_not_be_given_back_is_once_the_permission_is_back(stage: Stage) -> None:
    stage.first_order(5)
    withdraw(stage)
    stage.choose(selling="off")
    for _ in range(3):
        stage.pass_hours()
    between = policy(stage)

    stage.world.shop.set_scopes(SCOPES)
    stage.settle_down()

    assert (between, policy(stage), rows(stage)) == ("DENY", "CONTINUE", [])


def test_what_a_person_chose_is_theirs_after_the_permission_was_away_too(stage: Stage) -> None:
    stage.first_order(5)
    stage.world.shop.set_policy(stage.mug.variant_id, "CONTINUE")
    stage.pass_hours()
    revoke(stage)
    stage.pass_hours()
    stage.world.shop.set_scopes(SCOPES)
    stage.settle_down()
    stage.pass_hours()

    assert policy(stage) == "CONTINUE"


def test_what_a_person_chooses_while_the_permission_is_away_is_theirs(stage: Stage) -> None:
    stage.first_order(5)
    revoke(stage)
    stage.world.shop.set_policy(stage.mug.variant_id, "CONTINUE")
    stage.pass_hours()
    stage.world.shop.set_scopes(SCOPES)
    stage.settle_down()
    stage.pass_hours()

    assert policy(stage) == "CONTINUE"


@pytest.mark.parametrize("is_told", [True, False])
def test_without_the_permission_no_page_says_that_it_is_about_to_be_set_back(
    stage: Stage, *, is_told: bool
) -> None:
    stage.first_order(5)
    if is_told:
        revoke(stage)
    else:
        withdraw(stage)
    stage.choose(selling="off")
    stage.pass_hours()

    told = stage.page(f"/shops/{stage.world.shop_id}/items/{stage.mug.item_id}")
    assert "It is now continue selling when out of stock: off" in told
    assert "grant write_products" in told


def test_a_permission_that_is_withdrawn_is_said_of_what_stays_changed(stage: Stage) -> None:
    stage.first_order(5)
    revoke(stage)

    assert (policy(stage), kinds(stage)) == ("DENY", ["selling stopped", "selling refused"])


def test_a_preview_that_the_platform_refuses_says_so(stage: Stage) -> None:
    stage.choose(selling="off")
    stage.order(5)
    stage.settle_down()
    stage.world.shop.faults.closed_status = 404

    told = post(stage, "/preview", selling="dated", most_stopped_items="50").get_data(as_text=True)

    assert "Not known." in told


def test_a_preview_without_the_permission_tells_what_would_change(stage: Stage) -> None:
    stage.choose(selling="off")
    stage.world.shop.set_scopes([one for one in SCOPES if one != "write_products"])
    stage.settle_down()
    none = post(stage, "/preview", selling="dated", most_stopped_items="50").get_data(as_text=True)
    stage.order(5)
    stage.settle_down()
    some = post(stage, "/preview", selling="dated", most_stopped_items="50").get_data(as_text=True)

    assert "Nothing.</strong>" in none
    assert "continue selling when out of stock: off" in some
    assert all("the permission is not granted" in told for told in (none, some))


def test_one_that_shopify_fails_at_keeps_neither_other_items_nor_the_shop_waiting(stage: Stage) -> None:
    """Variants of a product are changed together. No webhook tells of the second order: the hourly look
    finds it all the same."""
    cups = [sell_cup(stage, product_id=stage.mug.product_id) for _ in range(5)]
    stage.settle_down()
    stage.world.shop.faults.broken_variants = {stage.mug.variant_id}
    stage.world.shop.place_order([(one.variant_id, 5) for one in (stage.mug, *cups)])
    pass_minutes(stage, 3)
    stage.world.shop.webhooks.knobs.loss_rate = 1
    lost = stage.order(1)
    pass_minutes(stage, 70)

    assert {policy(stage, cup) for cup in cups} == {"DENY"}
    assert (policy(stage), stage.world.tags(lost)) == ("CONTINUE", {"backordered"})


def pass_minutes(stage: Stage, minutes: int) -> None:
    """A while at a time, for such a shop never comes to rest."""
    for _ in range(minutes * 6):
        stage.world.clock.sleep(10)
        stage.world.deliver()
        stage.world.work()


def test_what_shopify_fails_at_is_said_once_and_done_when_it_can_be(stage: Stage) -> None:
    stage.world.shop.faults.broken_variants = {stage.mug.variant_id}
    stage.order(5)
    pass_minutes(stage, 30)
    told, tried = "Internal error" in page(stage), asked_to_write(stage)
    stage.world.shop.faults.broken_variants = set()
    pass_minutes(stage, 6)

    assert (told, tried < 15, kinds(stage)) == (True, True, ["selling refused", "selling stopped"])
    assert ("Could not be changed" in page(stage), policy(stage)) == (False, "DENY")
