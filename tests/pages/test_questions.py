"""The ten questions of docs/questions.md, each answered in at most two clicks."""

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page

from tests.pages.conftest import Sale

QUESTIONS: Sequence[tuple[str, Sequence[str], Sequence[str]]] = [
    ("Where is my order 1003?", ["1003"], ["Backordered", "1 × Blue Mug", "1 of 1", "Dec 5, 2026"]),
    ("Why is it late?", ["1003", "#1003"], ["3 in stock, but 4 units are owed to earlier orders"]),
    ("When will it ship?", ["1003"], ["Dec 5, 2026"]),
    ("What place do I have?", ["1003", "#1003"], ["2 arrive Dec 5; this order gets the 2nd"]),
    ("Is all of it late?", ["1002"], ["1 of 2"]),
    ("Since when do you know?", ["1003"], ["Waiting since", "Nov 24, 11:00"]),
    (
        "You said another day before?",
        ["1003", "#1003"],
        ["1 backordered, no date known → 1 backordered, expected Dec 5, 2026", "Delivery 1"],
    ),
    ("Do you know a day at all?", ["1004"], ["Needs a decision", "no date known"]),
    ("Has mine come in yet?", ["1005"], ["Released today"]),
    ("I have lost the number of my tea towel", ["tea towel"], ["#1004"]),
]


def test_the_page_answers_ten_questions_in_two_clicks_each(sale: Sale, page: Page) -> None:
    for question, clicks, answer in QUESTIONS:
        page.goto(f"{sale.shop}/orders")
        for click in clicks:
            if click.startswith("#"):
                page.get_by_role("link", name=click).click()
                page.wait_for_url(re.compile(r"/orders/\d+"))
            else:
                page.get_by_label("Order, item, SKU, PO, supplier, or tag").fill(click)
                page.keyboard.press("Enter")
                page.wait_for_url("**q=**")
        text = page.inner_text("main")

        assert len(clicks) <= 2
        for words in answer:
            assert words in text, (question, words)


@pytest.mark.parametrize("words", ["Where is my order 1003?", "I ordered a tea towel"])
def test_the_questions_are_listed_with_their_clicks(words: str, pytestconfig: pytest.Config) -> None:
    listed = (pytestconfig.rootpath / "docs" / "questions.md").read_text()

    assert words in listed
    assert len(re.findall(r"^\| \d+ \|", listed, re.MULTILINE)) == len(QUESTIONS) == 10
