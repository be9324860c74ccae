"""The questions of docs/questions.md, each answered in at most two clicks from the list of orders."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from app.db.models import ArrivalRow, Order, Shop
from tests.pages.conftest import Sale

pytestmark = pytest.mark.own_timers

_SEARCH = "Order, item, SKU, PO, supplier, or tag"

# Clicks: what is searched for, "#1003" for the link of an order, ">" for any other link.
QUESTIONS: Sequence[tuple[str, Sequence[str], Sequence[str]]] = [
    ("Where is my order 1003?", ["1003"], ["Backordered", "1 × Blue Mug", "1 of 1", "Dec 5, 2026"]),
    ("Why is it late?", ["1003", "#1003"], ["3 in stock, but 4 units are owed to earlier orders"]),
    (
        "What is my place in line?",
        ["1003", "#1003"],
        ["2 arrive Dec 5; this order gets the 2nd"],
    ),
    ("Is all of it late, or can you send part?", ["1002"], ["1 of 2"]),
    ("How long have I been waiting?", ["1003"], ["Waiting since", "Nov 24, 11:00"]),
    (
        "You said another date before, didn't you?",
        ["1003", "#1003"],
        ["1 backordered, no date known → 1 backordered, expected Dec 5, 2026", "Delivery 1"],
    ),
    ("Do you know a date at all?", ["1004"], ["Needs a decision", "no date known"]),
    ("Has mine come in yet?", ["1005"], ["Released today"]),
    ("I ordered a tea towel but lost the number", ["tea towel"], ["#1004"]),
    ("What comes this week?", [">Incoming", ">Next 7 days"], ["Nov 28", "Tea Towel", "#1004 (2)"]),
    ("Which orders does PO-17 serve?", ["PO-17"], ["#1002", "#1003"]),
    ("What must I tell buyers today?", [">Late orders"], ["Send delay notice", "#1002", "Today"]),
    ("Which orders tagged VIP are waiting?", ["VIP"], ["#1002"]),
    ("What was released today or yesterday?", [">Pick list"], ["Desk Lamp", "#1005 (1)"]),
]


@pytest.fixture
def busy(sale: Sale) -> Sale:
    """The sale, where #1002 has a tag and waits for PO-17, its buyer must be told today, and towels
    come in three days."""
    world = sale.world
    world.expect(sale.towel, 5, "2026-11-28")
    with world.runtime.sessions.begin() as session:
        session.execute(sa.update(ArrivalRow).where(ArrivalRow.quantity == 2).values(reference="PO-17"))
        session.get_one(Shop, world.shop_id).regime = "us-mitor"
        order = session.get_one(Order, (world.shop_id, sale.ids["#1002"]))
        order.tags, order.placed_at = "\nvip\n", world.clock().replace(month=10, day=26)
    return sale


def click(page: Page, what: str) -> None:
    """Search for it, or follow the link of that name."""
    if what.startswith((">", "#")):
        name = what.removeprefix(">")
        before = page.url
        page.get_by_role("link", name=re.compile(f"^{re.escape(name)}")).first.click()
        page.wait_for_url(lambda url: url != before)
        return
    page.get_by_label(_SEARCH).fill(what)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")


def test_the_page_answers_each_question_in_two_clicks(busy: Sale, page: Page) -> None:
    for question, clicks, answer in QUESTIONS:
        page.goto(f"{busy.shop}/orders")
        for what in clicks:
            click(page, what)
        text = page.inner_text("main")

        assert len(clicks) <= 2
        for words in answer:
            assert words in text, (question, words)


def test_all_of_a_list_comes_as_csv_in_one_click(busy: Sale, page: Page) -> None:
    page.goto(f"{busy.shop}/orders")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()

    written = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [row["order"] for row in rows] == ["#1002", "#1003", "#1004", "#1004"]


def test_every_question_is_listed_with_its_clicks(pytestconfig: pytest.Config) -> None:
    listed = (pytestconfig.rootpath / "docs" / "questions.md").read_text()
    asked = re.findall(r"^\| \d+ \| ([^|]+) \|", listed, re.MULTILINE)

    assert asked == [*(question for question, _, _ in QUESTIONS), "Can I have all of it as CSV?"]
    assert len(asked) == 15
