"""Feeds in a browser: nobody is shut out of their pages, whatever state a feed is in."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.db import feeds
from app.pipeline.feeds.source import Login, seal_login
from tests.pages.conftest import Sale
from tests.pages.test_accessibility import look
from tests.web.test_feeds_pages import HOST_KEY

pytestmark = pytest.mark.own_timers

REPORT = {
    "file": "open-orders-2026-11-25.csv",
    "new": 12,
    "changed": 3,
    "unchanged": 140,
    "not_coming": 9,
    "cancelled": 1,
    "received": 2,
    "waiting": 4,
    "undated": 1,
    "bad": 2,
    "notes": ["Delimiter: semicolons.", 'Purchase order number: the column "PO #".'],
    "bad_lines": [[7, "the quantity ordered 'many' is not a number"], [19, "no SKU"]],
}
STATES: dict[str, dict[str, Any]] = {
    "new": {"state": "trial"},
    "trial": {"state": "trial", "outcome": "rehearsed", "report": REPORT},
    "on": {"state": "on", "outcome": "imported", "report": REPORT},
    "failed": {
        "state": "on",
        "outcome": "failed",
        "failures": 3,
        "report": REPORT,
        "problem": "open-orders-2026-11-25.csv: 2 lines can't be used.",
        "held_content": b"x",
    },
    "key": {"state": "trial", "outcome": "failed", "offered_host_key": HOST_KEY, "problem": "Confirm"},
}


def add(sale: Sale, kind: str, **values: Any) -> str:
    """A feed in some state; returns the address of its page."""
    world = sale.world
    if values.get("outcome"):
        values["ran_at"] = world.clock()
    with world.runtime.sessions.begin() as session:
        feed = feeds.add_feed(
            session,
            world.shop_id,
            now=world.clock(),
            name="Northern Pottery",
            kind=kind,
            address=f"{kind}://files.northern-pottery.example/exports/open-orders.csv?…",
            sealed=seal_login(Login("x"), world.runtime.settings.encryption_keys),
            mail_to="ann@shop.example",
            **values,
        )
    return f"{sale.shop}/arrivals/feeds/{feed.feed_id}"


def test_a_feed_is_added_and_started_by_hand(sale: Sale, page: Page) -> None:
    page.goto(f"{sale.shop}/arrivals/import")
    page.get_by_role("link", name="Feeds of purchase orders").click()
    page.get_by_label("Address").fill("https://files.example/open.csv?key=1")
    page.get_by_label("Name", exact=True).fill("Northern Pottery")
    page.get_by_role("button", name="Add feed").click()

    expect(page.get_by_text("The feed was added.")).to_be_visible()
    page.get_by_role("button", name="Start importing").click()
    expect(page.get_by_text("The feed is on.")).to_be_visible()


@pytest.mark.parametrize("state", STATES)
def test_nobody_is_shut_out_of_the_page_of_a_feed(
    sale: Sale, page: Page, tmp_path: Path, state: str
) -> None:
    address = add(sale, "sftp" if state == "key" else "https", **STATES[state])

    assert look(page, address, tmp_path / state) == []


def test_nobody_is_shut_out_of_the_list(sale: Sale, page: Page, tmp_path: Path) -> None:
    empty = look(page, f"{sale.shop}/arrivals/feeds", tmp_path / "empty")
    for state, values in STATES.items():
        add(sale, "sftp" if state == "key" else "https", **values)

    assert look(page, f"{sale.shop}/arrivals/feeds", tmp_path / "full") == []
    assert empty == []
    page.get_by_role("button", name="Add feed").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
