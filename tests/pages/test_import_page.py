"""Importing a file in a browser: read, asked about, imported, and nobody shut out of any of it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Sale
from tests.pages.test_accessibility import LOOKS, looks

pytestmark = pytest.mark.own_timers

UNKNOWN = (
    "Purchase order,Item code,Qty,ETA,Warehouse,State of things,Color\n"
    "PO-17,{sku},40,2026-12-05,Mars,Awaiting QC,blue\n"
    "PO-17,UNHEARD-OF,12,TBD,Mars,Awaiting QC,red\n"
)


def choose(page: Page, sale: Sale, content: str, *, name: str = "orders.csv") -> None:
    """Upload a file."""
    page.goto(f"{sale.shop}/arrivals/import")
    page.get_by_label("Purchase orders", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Review changes").click()


def test_a_column_is_chosen_from_a_list_and_the_lines_are_imported(sale: Sale, page: Page) -> None:
    choose(page, sale, "Master,Qty,ETA\nMUG-BLUE,40,2026-12-05\n")
    expect(page.get_by_role("alert")).to_contain_text("No column was found for: purchase order number")

    page.get_by_label("SKU (required)").select_option(label="Master")
    page.locator("#value-reference").fill("PO-17")
    page.get_by_role("button", name="Read it this way").click()

    expect(page.get_by_text("Columns not used")).to_have_count(0)
    page.get_by_role("button", name="Import 1 valid line").click()
    expect(page.get_by_text("The valid lines are imported.")).to_be_visible()


@pytest.mark.parametrize("kind", ["read", "asked"])
def test_nobody_is_shut_out_of_a_file_with_questions(
    sale: Sale, page: Page, tmp_path: Path, kind: str
) -> None:
    content = UNKNOWN.format(sku="MUG BLUE")
    choose(page, sale, content if kind == "read" else content.replace("2026-12-05", "3/4/2026"))
    width, _ = LOOKS[0]
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()

    assert looks(page, tmp_path / kind) == []
