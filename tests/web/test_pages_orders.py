"""The list of orders and the page of one, as answers to a browser."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from redis import Redis
from werkzeug.test import TestResponse

from app.db import audit
from app.db.models import Event, Order, StockItem
from app.pipeline.runtime import Runtime
from app.settings import Settings
from app.web.access import Role
from app.web.application import create_app
from tests.pipeline.stage import Stage, open_shop
from tests.web.visitors import Browser, form_token, sign_in, stranger


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with one mug, and three orders for it: #1001 has it, #1002 and #1003 wait."""
    return open_shop(clean_pg, redis, settings, stock=1, then=order_three_times)


def order_three_times(stage: Stage) -> None:
    """All are seen and written."""
    for units in (1, 2, 1):
        stage.order(units)
    stage.settle_down()


@pytest.fixture
def other_shop(stage: Stage, install: Callable[[str], int]) -> int:
    """Another shop, with the same orders by number."""
    other = install("towels.myshopify.com")
    with stage.world.runtime.sessions.begin() as session:
        for order in session.scalars(sa.select(Order).where(Order.shop_id == stage.world.shop_id)).all():
            values = {one.key: getattr(order, one.key) for one in sa.inspect(Order).column_attrs}
            session.add(Order(**(values | {"shop_id": other})))
    return other


@pytest.fixture
def runtime(stage: Stage) -> Runtime:
    """The stage's own."""
    return stage.world.runtime


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """The production application."""
    return create_app(runtime)


@pytest.fixture
def ann(app: Flask, runtime: Runtime, stage: Stage) -> Browser:
    """Who manages the shop."""
    return sign_in(app, runtime, stage.world.shop_id)


def order_id(stage: Stage, name: str = "#1002") -> int:
    """The id of the order with that number."""
    return next(one.order_id for one in stage.world.shop.orders.values() if one.name == name)


def orders(stage: Stage, arguments: str = "") -> str:
    """The list's address."""
    return f"/shops/{stage.world.shop_id}/orders{arguments}"


def page_of(stage: Stage, name: str = "#1002") -> str:
    """An order's address."""
    return orders(stage, f"/{order_id(stage, name)}")


def text(answer: TestResponse) -> str:
    """What a person reads, in one line."""
    body = answer.get_data(as_text=True).partition("<main")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def names(answer: TestResponse) -> list[str]:
    """The orders of a list."""
    return re.findall(r'id="order-\d+"[^>]*>([^<]+)<', answer.get_data(as_text=True))


def row(stage: Stage, name: str = "#1002") -> Order:
    """The order as the database has it."""
    with stage.world.runtime.sessions.begin() as session:
        return session.get_one(Order, (stage.world.shop_id, order_id(stage, name)))


# The list


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("", ["#1002", "#1003"]),
        ("?list=all", ["#1003", "#1002", "#1001"]),
        ("?list=all&sort=placed", ["#1001", "#1002", "#1003"]),
        ("?list=undated", ["#1002", "#1003"]),
        ("?list=released", []),
        ("?q=1001", ["#1001"]),
        ("?q=%231003", ["#1003"]),
        ("?q=mug-b", ["#1003", "#1002", "#1001"]),
        ("?list=short&q=1001", []),
        ("?list=made-up&sort=made-up&after=made-up&before=%00&q=%00", ["#1002", "#1003"]),
    ],
)
def test_the_address_of_a_list_says_all_of_it(
    stage: Stage, ann: Browser, arguments: str, found: list[str]
) -> None:
    assert names(ann.get(orders(stage, arguments))) == found


def test_a_row_says_how_much_waits_and_until_when(stage: Stage, ann: Browser) -> None:
    stage.world.expect(stage.mug, 2, "2026-12-05")
    stage.settle_down()

    shown = text(ann.get(orders(stage)))

    assert "#1002 Backordered 2 × Blue Mug MUG-BLUE 2 of 2 Dec 5, 2026" in shown
    assert "#1003 Needs a decision 1 × Blue Mug MUG-BLUE 1 of 1 no date known" in shown


def test_what_htmx_asks_for_is_the_list_alone(stage: Stage, ann: Browser) -> None:
    """With the address that it asks for again; going back in history wants the whole page."""
    part = ann.get(orders(stage, "?q=1002"), headers={"HX-Request": "true"}).get_data(as_text=True)
    restored = ann.get(
        orders(stage), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    ).get_data(as_text=True)

    assert part.lstrip().startswith('<div id="live"')
    assert f'hx-get="{orders(stage)}?list=all&amp;q=1002' in part
    assert "<html" in restored


def test_an_empty_list_says_what_to_do_next(stage: Stage, ann: Browser) -> None:
    assert "No updates have failed." in text(ann.get(orders(stage, "?list=failed")))
    nothing = text(ann.get(orders(stage, "?list=held&q=zebra")))
    assert "Nothing found for “zebra”." in nothing
    assert "Search all orders" in nothing


# One order


def test_an_order_says_why_it_waits_what_it_shows_and_what_happened(stage: Stage, ann: Browser) -> None:
    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    shown = text(ann.get(page_of(stage)))

    assert "2 of 2 × Blue Mug MUG-BLUE" in shown
    assert (
        "Dec 5, 2026 : 1 in stock, but 1 unit is owed to earlier orders. "
        "5 arrive Dec 5; this order gets the 1st and 2nd." in shown
    )
    assert "Shown now Backordered, Dec 5, 2026; tag backordered" in shown
    assert "Pending changes None. The order is up to date." in shown
    assert "2 backordered, expected Dec 5, 2026 (before: 2 backordered, no date known)" in shown
    assert "Delivery 1 was added or changed" in shown


def test_what_is_about_to_be_written_is_told_before_it_is(stage: Stage, ann: Browser) -> None:
    with stage.world.runtime.sessions.begin() as session:
        session.get_one(Order, (stage.world.shop_id, order_id(stage, "#1001"))).is_cancelled = True
        session.get_one(Order, (stage.world.shop_id, order_id(stage))).is_cancelled = True

    assert "Pending changes remove Backline's tag and note text" in text(ann.get(page_of(stage)))


def test_a_small_move_of_a_date_is_explained_as_left_in_peace(stage: Stage, ann: Browser) -> None:
    arrival = stage.world.expect(stage.mug, 9, "2026-12-05")
    stage.settle_down()
    stage.expect_instead(arrival, 9, "2026-12-06")
    stage.settle_down()

    shown = text(ann.get(page_of(stage)))

    assert "None. Dec 6, 2026 differs by less than 2 days from the date shown" in shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_tracked": False}, "stock not tracked, so it never waits"),
        ({"problem": "The books do not balance."}, "The books do not balance. Checked again"),
    ],
)
def test_an_item_that_is_not_settled_says_so(
    stage: Stage, ann: Browser, change: dict[str, object], said: str
) -> None:
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(StockItem).values(stock_due_at=stage.world.clock(), **change))

    assert said in text(ann.get(page_of(stage)))


def test_the_link_leads_to_the_order_in_the_platforms_admin(stage: Stage, ann: Browser) -> None:
    page = ann.get(page_of(stage)).get_data(as_text=True)

    handle = stage.world.shop.domain.removesuffix(".myshopify.com")
    assert f'href="https://admin.shopify.com/store/{handle}/orders/{order_id(stage)}"' in page


@pytest.mark.parametrize("number", ["0", "999999", str(10**30), "abc", "-1"])
def test_an_order_that_is_not_there_is_not_found(stage: Stage, ann: Browser, number: str) -> None:
    assert ann.get(orders(stage, f"/{number}")).status_code == 404


# Actions


def test_a_priority_moves_the_order_before_all_older_ones(stage: Stage, ann: Browser) -> None:
    """#1003 gets the only mug; #1001, which had it, waits."""
    answer = ann.send(f"{page_of(stage, '#1003')}/priority", page_of(stage, "#1003"), priority="5")
    stage.settle_down()

    assert (answer.status_code, answer.location) == (
        303,
        page_of(stage, "#1003"),
    )
    assert "Priority saved." in text(ann.get(answer.location))
    assert (row(stage, "#1003").short, row(stage, "#1001").short) == (0, 1)
    assert stage.world.tags(order_id(stage, "#1001")) == {"backordered"}
    assert stage.world.tags(order_id(stage, "#1003")) == {"backorder-released"}


@pytest.mark.parametrize("typed", ["", "x", "1.5", "101", "-101", "9" * 5000])
def test_a_priority_that_is_no_small_number_is_refused_where_it_was_typed(
    stage: Stage, ann: Browser, typed: str
) -> None:
    answer = ann.send(f"{page_of(stage)}/priority", page_of(stage), priority=typed)

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'aria-invalid="true"' in page
    assert "Enter a whole number from −100 to 100." in page
    assert row(stage).priority == 0


def test_an_order_held_back_is_left_as_it_is_until_it_is_let_go(stage: Stage, ann: Browser) -> None:
    ann.send(f"{page_of(stage)}/hold", page_of(stage))
    stage.world.expect(stage.mug, 9, "2026-12-05")
    stage.settle_down()
    assert "2026" not in stage.world.note(order_id(stage))
    assert "Dec 5, 2026 (updates are paused)" in text(ann.get(page_of(stage)))

    ann.send(f"{page_of(stage)}/let-go", page_of(stage))
    stage.settle_down()

    assert "Dec 5, 2026" in stage.world.note(order_id(stage))
    assert "Expected to ship by Dec 5, 2026" in stage.world.note(order_id(stage, "#1003"))


def test_a_failed_write_is_tried_again_at_once_when_somebody_asks(stage: Stage, ann: Browser) -> None:
    with stage.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (stage.world.shop_id, order_id(stage)))
        order.problem, order.write_due_at = "refused", stage.world.clock.now.replace(year=2027)
    assert "This order could not be updated." in text(ann.get(page_of(stage)))

    ann.send(f"{page_of(stage)}/retry", page_of(stage))
    stage.settle_down()

    assert row(stage).problem is None
    assert "Retry requested : refused" in text(ann.get(page_of(stage)))


@pytest.mark.parametrize("action", ["priority", "hold", "let-go", "retry"])
def test_an_action_names_who_did_it(stage: Stage, ann: Browser, action: str) -> None:
    if action == "let-go":
        ann.send(f"{page_of(stage)}/hold", page_of(stage))
    ann.send(f"{page_of(stage)}/{action}", page_of(stage), priority="5")

    with stage.world.runtime.sessions.begin() as session:
        newest = audit.recent_events(session, stage.world.shop_id)[0]
        assert newest.why == "decided by Ann"


@pytest.mark.parametrize("action", ["priority", "hold", "let-go", "retry"])
def test_nobody_acts_but_a_manager_of_the_shop(
    stage: Stage, app: Flask, runtime: Runtime, other_shop: int, action: str
) -> None:
    """Not a stranger, not one who may only look, not the manager of another shop; and nobody by a
    form that is not ours."""
    looker = sign_in(app, runtime, stage.world.shop_id, role=Role.LOOK)
    theirs = sign_in(app, runtime, other_shop)
    path = f"{page_of(stage)}/{action}"
    with runtime.sessions.begin() as session:
        before = [row.priority for row in session.scalars(sa.select(Order))]
        events = session.scalar(sa.select(sa.func.count()).select_from(Event))

    answers = []
    for browser in (stranger(app), looker, theirs):
        token = form_token(browser.get("/sign-in"))
        data = {"csrf_token": token, "priority": "5"}
        answers.append(browser.post(path, data=data).status_code)
    manager = sign_in(app, runtime, stage.world.shop_id)
    answers.append(manager.post(path, data={"priority": "5"}).status_code)

    assert answers == [401, 403, 404, 403]
    with runtime.sessions.begin() as session:
        assert [row.priority for row in session.scalars(sa.select(Order))] == before
        assert session.scalar(sa.select(sa.func.count()).select_from(Event)) == events


def test_whoever_may_only_look_is_offered_no_action(stage: Stage, app: Flask, runtime: Runtime) -> None:
    looker = sign_in(app, runtime, stage.world.shop_id, role=Role.LOOK)

    page = looker.get(page_of(stage))

    assert "Set priority" not in text(page)
    assert "Your role is Viewer." in text(page)


@pytest.mark.parametrize(
    "path", ["", "/orders", "/orders/{order}", "/activity", "/deliveries", "/activity.csv"]
)
def test_nobody_sees_another_shops_pages(
    stage: Stage, app: Flask, runtime: Runtime, other_shop: int, path: str
) -> None:
    theirs = sign_in(app, runtime, other_shop)
    path = path.format(order=order_id(stage))

    assert theirs.get(f"/shops/{stage.world.shop_id}{path}").status_code == 404
    assert theirs.get(f"/shops/{other_shop}{path}").status_code == 200
