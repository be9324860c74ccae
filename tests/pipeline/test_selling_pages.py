"""What pages tell of selling when out of stock, and the preview of a setting before it is saved."""

import re

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import selling, shops
from app.pipeline.selling_rehearsal import MOST_ITEMS
from app.settings import Settings
from tests.pipeline.stage import Stage
from tests.pipeline.test_selling import open_selling, policy, post, revoke, writes


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that sells mugs on although none is left, and lets us stop that."""
    return open_selling(clean_pg, redis, settings)


def test_the_item_page_says_why_sales_stopped(stage: Stage) -> None:
    stage.order(5)
    stage.settle_down()

    page = stage.page(f"/shops/{stage.world.shop_id}/items/{stage.mug.item_id}")

    assert "continue selling when out of stock: off" in page
    assert "3 units are backordered, and no delivery is scheduled" in page


def test_what_would_change_is_shown_before_it_is_saved(stage: Stage) -> None:
    stage.choose(selling="off")
    stage.order(5)
    stage.settle_down()
    form = {"selling": "dated", "most_stopped_items": "50"}

    text = post(stage, "/preview", **form).get_data(as_text=True)

    assert "3 units are backordered, and no delivery is scheduled" in text
    assert "continue selling when out of stock: off" in text
    assert (policy(stage), writes(stage)) == ("CONTINUE", [])
    post(stage, "", **form)
    stage.settle_down()
    assert policy(stage) == "DENY"


def test_stopping_by_the_wait_takes_a_longest_one(stage: Stage) -> None:
    answer = post(stage, "/preview", selling="wait", most_stopped_items="50")

    assert answer.status_code == 422
    assert "Enter how many days a buyer may wait at most." in answer.get_data(as_text=True)


def test_a_shop_that_may_not_is_told_which_permission_it_takes(stage: Stage) -> None:
    revoke(stage)

    page = stage.page(f"/shops/{stage.world.shop_id}/selling")

    assert "write_products" in page
    with stage.world.runtime.sessions.begin() as session:
        assert selling.changed_items(session, stage.world.shop_id) == set()


def test_the_preview_names_the_items_that_are_changed_where_not_all_may_be(stage: Stage) -> None:
    """Those that most units wait for, whichever the shop had first."""
    cup = stage.world.shop.add_product("Cup", sku="CUP", stock={stage.main: 0})
    stage.choose(selling="off", most_stopped_items=1)
    stage.order(3)
    stage.world.shop.place_order([(cup.variant_id, 9)])
    stage.settle_down()
    form = {"selling": "dated", "most_stopped_items": "1"}

    told = post(stage, "/preview", **form).get_data(as_text=True)
    post(stage, "", **form)
    stage.settle_down()

    rows_told = told.split("<tbody")[1].split("</tr>")
    changes = [row for row in rows_told if ">continue selling when out of stock: off<" in row]
    assert ["Cup" in row for row in changes] == [True]
    assert (policy(stage), policy(stage, cup)) == ("CONTINUE", "DENY")


def test_an_item_that_is_given_back_leaves_its_place_in_the_preview_as_in_fact(stage: Stage) -> None:
    cup = stage.world.shop.add_product("Cup", sku="CUP", stock={stage.main: 0})
    stage.choose(most_stopped_items=1)
    stage.order(3)
    stage.settle_down()
    stage.choose(selling="off")
    stage.choose(selling="dated")
    stage.world.shop.place_order([(cup.variant_id, 9)])
    stage.settle_down()
    post(stage, f"/items/{stage.mug.item_id}", sells_freely="yes")
    told = post(stage, "/preview", selling="dated", most_stopped_items="1").get_data(as_text=True)
    stage.pass_hours()
    stage.pass_hours()

    assert "the limit is" not in told
    assert (policy(stage), policy(stage, cup)) == ("CONTINUE", "DENY")


def test_a_preview_that_did_not_look_at_all_items_says_so(stage: Stage) -> None:
    """Here of those that are changed already."""
    stage.choose(selling="dated", most_stopped_items=100)
    cups = [
        stage.world.shop.add_product("Cup", sku=f"CUP-{number}", stock={stage.main: 0})
        for number in range(MOST_ITEMS + 1)
    ]
    stage.world.shop.place_order([(cup.variant_id, 1) for cup in cups])
    stage.settle_down()

    told = post(stage, "/preview", selling="off", most_stopped_items="100").get_data(as_text=True)

    assert f"Backline looked at {MOST_ITEMS} of {MOST_ITEMS + 1} items" in told


def test_the_page_lists_what_is_changed_and_what_it_was(stage: Stage) -> None:
    stage.order(5)
    stage.settle_down()

    page = stage.page(f"/shops/{stage.world.shop_id}/selling")

    assert ">continue selling when out of stock: off<" in page
    assert ">continue selling when out of stock: on<" in page


def test_it_can_be_switched_off_while_the_platform_refuses_everything(stage: Stage) -> None:
    """By what the page itself would send."""
    stage.choose(most_ahead=7)
    stage.world.shop.faults.closed_status = 404
    form = stage.page(f"/shops/{stage.world.shop_id}/selling").split('id="switch-off"')[1]
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.split("</form>")[0]))
    sent.pop("csrf_token", None)

    answer = post(stage, "", **sent)

    with stage.world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, stage.world.shop_id)
        assert (answer.status_code, shop.selling, shop.most_ahead) == (303, "off", 7)
    assert 'id="switch-off"' not in stage.page(f"/shops/{stage.world.shop_id}/selling")
