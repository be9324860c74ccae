"""The pages of items in a real Chromium: who waits, what serves whom, what comes, and what if."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from app.db import arrivals, variants
from app.db.models import ArrivalRow, Base, Event, StockItem
from app.settings import Settings
from tests.beginnings import begin
from tests.pages.browser import in_both_schemes, served_shop, tab, what_axe_finds
from tests.world import World, make_world

pytestmark = pytest.mark.own_timers


@pytest.fixture
def world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> World:
    """A shop with three mugs for six that are ordered, and two arrivals."""
    machine = (clean_pg, redis, settings)
    return begin(machine, "three mugs for six", lambda: (play(*machine), None))[0]


def play(engine: sa.Engine, redis: Redis, settings: Settings) -> World:
    """Until the six are ordered and the arrivals are known."""
    world = make_world(engine, redis, settings, domain="northwind-mugs.myshopify.com")
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={place: 3})
    towel = world.shop.add_product("Tea Towel <b>", sku="TOWEL", stock={place: 0})
    world.shop.add_product("Oak Board", sku="BOARD", stock={place: 9})
    world.connect()
    for units in (2, 2, 1):
        world.shop.place_order([(mug.variant_id, units)])
    world.shop.place_order([(mug.variant_id, 1), (towel.variant_id, 2)])
    world.quiet()
    world.expect(mug, 2, "2026-12-05")
    world.expect(mug, 10, "2026-12-19")
    world.quiet()
    return world


def mug_of(world: World) -> StockItem:
    """The mug as the database has it."""
    with world.runtime.sessions.begin() as session:
        return variants.find_items(session, world.shop_id, "MUG-BLUE")[0]


def arrivals_of(world: World) -> list[tuple[int, int, str, str]]:
    """Quantity, landed, day and reference of each arrival, soonest first."""
    with world.runtime.sessions.begin() as session:
        found = [row for row, _ in arrivals.list_arrivals(session, world.shop_id)]
    rows = [row for row in found if row.state != "cancelled"]
    return [(row.quantity, row.received, row.expected_on.isoformat(), row.reference) for row in rows]


def last_event(world: World) -> tuple[str, str, str, str]:
    """What the audit says of the last thing a person did."""
    with world.runtime.sessions.begin() as session:
        statement = sa.select(Event).where(Event.why.like("by %")).order_by(Event.id.desc()).limit(1)
        row = session.scalars(statement).one()
    return row.kind, row.before, row.after, row.why


def stored(world: World) -> list[str]:
    """All that the database holds."""
    with world.runtime.engine.connect() as connection:
        return [
            repr(sorted(map(repr, connection.execute(sa.select(table)))))
            for table in Base.metadata.sorted_tables
        ]


def test_items_are_found_and_those_that_somebody_waits_for_come_first(
    world: World, page: Page, tmp_path: Path
) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items")
        first = [row.inner_text().split("\t") for row in page.locator("tbody tr").all()]
        page.screenshot(path=tmp_path / "items.png", full_page=True)
        page.get_by_label("Title or SKU").fill("towel")
        page.get_by_role("button", name="Search").click()
        found = page.locator("tbody th a").all_inner_texts()
        page.get_by_role("link", name="Tea Towel <b>").click()
        title = page.get_by_role("heading", level=1).inner_text()

    assert [row[0].split("\n")[0] for row in first] == ["Blue Mug", "Tea Towel <b>"]
    assert first[0][1:] == ["Backorder", "3", "3", "Dec 5, 2026"]
    assert first[1][1:] == ["Backorder", "1", "2", "none scheduled"]
    assert found == ["Tea Towel <b>"]
    assert title == "Tea Towel <b>"


def test_the_queue_says_what_serves_whom(world: World, page: Page) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}")
        rows = [row.inner_text().split("\t") for row in page.locator("#queue-part tbody tr").all()]
        figures = page.locator(".figures dd").all_inner_texts()

    assert [row[0].split("\n")[0] for row in rows] == ["1. #1001", "2. #1002", "3. #1003", "4. #1004"]
    assert [row[1:] for row in rows] == [
        ["2", "2 in stock", "In stock"],
        ["2", "1 in stock, 1 of 2 arriving Dec 5, 2026", "Dec 5, 2026"],
        ["1", "1 of 2 arriving Dec 5, 2026", "Dec 5, 2026"],
        ["1", "1 of 10 arriving Dec 19, 2026", "Dec 19, 2026"],
    ]
    assert figures[::2] == ["3", "6", "3", "12"]


def test_the_picture_can_be_read_without_seeing_it(world: World, page: Page) -> None:
    """By its name and description, and as a table."""
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}")
        picture = page.get_by_role("img", name="Demand and supply of Blue Mug")
        description = picture.locator("desc").text_content() or ""
        dashes = [path.get_attribute("stroke-dasharray") for path in picture.locator("path").all()]
        page.get_by_text("Show as a table").click()
        rows = [row.inner_text().split("\t") for row in page.locator(".chart tbody tr").all()]

    assert " ".join(description.split()) == (
        "6 units ordered, 3 available today, 2 arriving Dec 5, 2026, 10 arriving Dec 19, 2026. "
        "After that 0 still backordered."
    )
    assert dashes == [None, "7 4"]
    assert rows == [
        ["Nov 25, 2026, today", "6", "", "6", "3", "3"],
        ["Dec 5, 2026", "", "2", "6", "5", "1"],
        ["Dec 19, 2026", "", "10", "6", "15", "0"],
    ]


@pytest.mark.parametrize("runs_scripts", [True, False])
def test_what_if_lists_who_would_be_released_and_writes_nothing(
    world: World, browser_at_large: Browser, runs_scripts: bool
) -> None:
    before = stored(world)
    with served_shop(world) as address, tab(browser_at_large, runs_scripts=runs_scripts) as page:
        page.goto(f"{address}/items/{mug_of(world).item_id}")
        page.locator("#what-if").get_by_label("Units").fill("2")
        page.get_by_role("button", name="Preview").click()
        answer = page.locator("#what-if [role=status]")
        expect(answer).to_contain_text("2 orders would be released, and 1 other order would change.")
        rows = [row.inner_text().split("\t") for row in answer.locator("tbody tr").all()]

    assert rows == [
        ["#1002", "Released", "1 backordered, Dec 5, 2026", "in stock"],
        ["#1003", "Released", "1 backordered, Dec 5, 2026", "in stock"],
        ["#1004", "Sooner", "1 backordered, Dec 19, 2026", "1 backordered, Dec 5, 2026"],
    ]
    assert stored(world) == before


def test_what_if_on_a_later_day_moves_dates(world: World, page: Page) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}?units=5&on=2026-12-01")
        text = page.locator("#what-if [role=status]").inner_text()
        page.goto(f"{address}/items/{mug_of(world).item_id}?units=5&on=2026-12-25")
        none = page.locator("#what-if [role=status]").inner_text()

    assert "0 orders would be released, and 3 other orders would change." in text
    assert text.count("1 backordered, Dec 1, 2026") == 3
    assert "no order would change" in none


def test_a_question_that_makes_no_sense_is_marked(world: World, page: Page) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}?units=0&on=2026-11-24")
        errors = page.locator("#what-if .error").all_inner_texts()

    assert errors == [
        "Enter a whole number from 1 to 1,000,000,000.",
        "This day has passed: choose today or a later one.",
    ]


def test_an_arrival_is_added_and_orders_get_its_day(world: World, page: Page) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}")
        form = page.locator("form", has=page.get_by_role("heading", name="Add a delivery"))
        form.get_by_label("Units").fill("7")
        form.get_by_label("Expected on").fill("2026-12-01")
        form.get_by_label("Reference").fill("PO-77")
        form.get_by_role("button", name="Add").click()
        said = page.get_by_role("status").inner_text()
    world.quiet()

    assert said == "Delivery added. Recalculating dates."
    assert (7, 0, "2026-12-01", "PO-77") in arrivals_of(world)
    assert last_event(world) == ("arrival added", "", "7 on 2026-12-01 (PO-77)", "by this machine")
    notes = [world.note(order_id) for order_id in world.shop.orders]
    assert ["Expected to ship by Dec 1, 2026" in note for note in notes] == [False, True, True, False]


def test_what_is_wrong_stands_beside_what_was_typed(world: World, page: Page) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}")
        form = page.locator("form", has=page.get_by_role("heading", name="Add a delivery"))
        form.get_by_label("Units").fill("0")
        form.get_by_label("Reference").fill("PO-77")
        form.get_by_role("button", name="Add").click()
        errors = form.locator(".error").all_inner_texts()
        kept = form.get_by_label("Reference").input_value()
        described = form.get_by_label("Units").get_attribute("aria-describedby")

    assert errors == ["Enter a whole number from 1 to 1,000,000,000.", "Choose a day."]
    assert (kept, described) == ("PO-77", "add-quantity-about")
    assert len(arrivals_of(world)) == 2


def test_an_arrival_is_changed_landed_and_cancelled(world: World, page: Page) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}")
        page.get_by_text("Change the delivery of Dec 5, 2026").click()
        page.get_by_label("Units in total").first.fill("4")
        page.get_by_label("Received so far").first.fill("5")
        page.get_by_role("button", name="Save").first.click()
        refused = page.locator("#arrivals ~ * .error").all_inner_texts()
        page.get_by_label("Received so far").first.fill("1")
        page.get_by_role("button", name="Save").first.click()
        changed = arrivals_of(world)
        page.get_by_role("link", name="Mark as received").first.click()
        page.get_by_role("button", name="Mark as received").click()
        page.wait_for_url("**/items/**")
        landed = arrivals_of(world)
        page.get_by_role("link", name="Cancel delivery").last.click()
        warned = page.inner_text("main")
        page.get_by_role("button", name="Cancel delivery").click()
        page.wait_for_url("**/items/**")
        said = page.get_by_role("status").inner_text()

    assert "Without these units" in warned or "No order's date depends" in warned
    assert refused == ["More than the 4 expected: raise the number of units too."]
    assert changed[0] == (4, 1, "2026-12-05", "")
    assert landed[0] == (4, 4, "2026-12-05", "")
    assert said == "Delivery canceled. Recalculating dates."
    assert arrivals_of(world) == landed[:1]
    assert last_event(world) == (
        "arrival cancelled", "10 on 2026-12-19", "10 on 2026-12-19, cancelled", "by this machine",
    )  # fmt: skip


def test_a_lead_time_and_a_kind_are_kept(world: World, page: Page) -> None:
    with world.runtime.sessions.begin() as session:
        towel = variants.find_items(session, world.shop_id, "TOWEL")[0].item_id
    with served_shop(world) as address:
        page.goto(f"{address}/items/{towel}")
        page.get_by_label("Item type", exact=True).select_option("preorder")
        page.get_by_label("Release date").fill("2027-02-01")
        page.get_by_label("Lead time (days)").fill("14")
        page.get_by_role("button", name="Save").click()
        badge = page.locator(".page-header .badge").inner_text()
    with world.runtime.sessions.begin() as session:
        item = session.get_one(StockItem, (world.shop_id, towel))

    assert badge == "Preorder"
    assert (item.kind, str(item.release_on), item.lead_time_days) == ("preorder", "2027-02-01", 14)
    assert last_event(world)[1:3] == (
        "backorder",
        "preorder, released on 2027-02-01, lead time 14 days",
    )


def test_figures_refresh_by_themselves(world: World, page: Page) -> None:
    with served_shop(world) as address:
        page.goto(f"{address}/items/{mug_of(world).item_id}")
        world.shop.adjust_stock(mug_of(world).item_id, next(iter(world.shop.pools))[1], 1)
        world.quiet()
        page.evaluate("htmx.trigger('#live', 'refresh')")

        expect(page.locator(".figures dd").first).to_have_text("4")
        expect(page.locator("#queue-part tbody tr").nth(1)).to_contain_text("2 in stock")


@pytest.mark.parametrize("width", [390, 1200])
def test_every_state_is_accessible_and_nothing_runs_out_of_the_page(
    world: World, page: Page, width: int, tmp_path: Path
) -> None:
    with world.runtime.sessions.begin() as session:
        session.execute(sa.update(ArrivalRow).where(ArrivalRow.quantity == 2).values(quantity=200))
    item = mug_of(world).item_id
    page.set_viewport_size({"width": width, "height": 800})
    found: dict[str, list[str]] = {}
    with served_shop(world) as address:
        for name, path in {
            "list": "/items",
            "nothing found": "/items?q=nothing",
            "item": f"/items/{item}",
            "answer": f"/items/{item}?units=2&on=2026-11-25",
            "error": f"/items/{item}?units=no&on=never",
            "end of the queue": f"/items/{item}?page=9",
        }.items():
            page.goto(f"{address}{path}")
            for summary in page.locator("summary").all():
                summary.click()
            found[name] = in_both_schemes(page, tmp_path / f"{name}-{width}")

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_shop_without_orders_says_what_will_be_here(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, page: Page
) -> None:
    world = make_world(clean_pg, redis, settings)
    world.connect()
    world.quiet()
    with served_shop(world) as address:
        page.goto(f"{address}/items")
        text = page.locator(".empty").inner_text()
        problems = what_axe_finds(page)

    assert "Items appear here with their first order." in text
    assert problems == []
