"""Of an item that many wait for the page shows what a worker decided: who gets what, in their turn."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.core.model import Basis
from app.core.queue_view import QueueLine, QueueSums
from app.db import arrivals, long_queues
from app.db.long_queues import PAGE, Kept
from app.db.models import LongQueuePage, Order, StockItem
from app.pipeline.runtime import Runtime
from tests.builders import NOW, TODAY
from tests.filling import fill_shops, keep_long_queues

ITEM = 1
SAID = ", as calculated "


@pytest.fixture
def full(runtime: Runtime, shop_id: int) -> int:
    """A shop with two pages of orders for an item, of which a few can be served and some are coming."""
    with runtime.sessions.begin() as session:
        fill_shops(session, [shop_id], orders=150, items=6)
        session.execute(sa.text("UPDATE pools SET supply = 7 WHERE item_id = 1"))
        arrivals.add_arrival(
            session,
            session.get_one(StockItem, (shop_id, ITEM)),
            location_id=1,
            quantity=20,
            expected_on=TODAY + timedelta(days=9),
            reference="PO-1",
            by="ann",
            now=NOW,
        )
    return shop_id


ROW = re.compile(
    r"(\d+)\. <a [^>]*>#(\d+)</a>.*?"
    r'data-label="Gets">(.*?)</td>.*?data-label="Expected"[^>]*>(.*?)</td>',
    re.DOTALL,
)


def rows(client: FlaskClient, shop_id: int, number: int) -> list[tuple[int, int, str, str]]:
    """The lines of a page as they read: place, order, what it gets, and when."""
    text = client.get(f"/shops/{shop_id}/items/{ITEM}?page={number}").text
    return [
        (int(place), int(order), _words(gets), _words(on))
        for place, order, gets, on in ROW.findall(text)
    ]


def _words(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", cell).split())


def expected_rows() -> list[tuple[int, int, str, str]]:
    """By what the shop was filled with (see `fill_shops`): one unit for each even order but those that
    wait no more, `n % 3` its priority, the higher number the older one; seven units are there and
    twenty come."""
    waiting = [n for n in range(1, 151) if n % 2 == 0 and n % 25 != 24]
    gets = (
        [("1 in stock", "In stock")] * 7
        + [("1 of 20 arriving Dec 4, 2026", "Dec 4, 2026")] * 20
        + [("1 with no delivery scheduled", "no date known")] * len(waiting)
    )
    queue = sorted(waiting, key=lambda n: (-(n % 3), -n))
    return [(place, n, *gets[place - 1]) for place, n in enumerate(queue, start=1)]


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_page_shows_who_gets_what_in_their_turn_whether_kept_or_decided_now(
    runtime: Runtime, client: FlaskClient, full: int, is_kept: bool
) -> None:
    if is_kept:
        with runtime.sessions.begin() as session:
            keep_long_queues(session, full, [ITEM])

    shown = [rows(client, full, number) for number in (1, 2, 3)]

    assert shown == [expected_rows()[:PAGE], expected_rows()[PAGE:], []]


def page(client: FlaskClient, shop_id: int) -> str:
    """As the first page reads, without the moment of the decision and the forms' passes."""
    text = client.get(f"/shops/{shop_id}/items/{ITEM}").text
    lines = [line for line in text.splitlines() if "csrf" not in line and "pass" not in line]
    return re.sub(r", as calculated [^.]*", "", "\n".join(lines))


def test_beside_its_lines_a_kept_queue_reads_as_one_that_is_decided_now(
    runtime: Runtime, client: FlaskClient, full: int
) -> None:
    decided_now = page(client, full)
    with runtime.sessions.begin() as session:
        keep_long_queues(session, full, [ITEM])

    assert page(client, full) == decided_now
    for words in (
        "72 orders in the queue.",
        '>72</td><td class="number">7</td><td class="number">65</td>',
    ):
        assert words in decided_now


def test_the_page_says_when_a_kept_queue_was_decided(
    runtime: Runtime, client: FlaskClient, full: int
) -> None:
    before = client.get(f"/shops/{full}/items/{ITEM}").text
    with runtime.sessions.begin() as session:
        keep_long_queues(session, full, [ITEM])

    assert SAID not in before
    assert SAID in client.get(f"/shops/{full}/items/{ITEM}").text


def test_a_question_about_a_kept_queue_is_answered_by_what_is_known_now(
    runtime: Runtime, client: FlaskClient, full: int
) -> None:
    with runtime.sessions.begin() as session:
        keep_long_queues(session, full, [ITEM])
        session.execute(sa.update(Order).values(is_cancelled=True).where(Order.order_id != 2))

    answer = client.get(f"/shops/{full}/items/{ITEM}?units=5&on={TODAY}").text

    assert "no order would change" in answer


# What is kept


def line(order_id: int) -> QueueLine:
    """A line of an order that nothing serves."""
    return QueueLine(order_id, NOW, 0, 1, 1, (), 1, Basis.UNKNOWN, None)


def keep(runtime: Runtime, shop_id: int, *order_ids: int) -> None:
    """A queue of these."""
    sums = QueueSums(len(order_ids), len(order_ids), len(order_ids), 0, 0, ((TODAY, 1),), ())
    kept = Kept(sums, [line(order_id) for order_id in order_ids], [(1, 2)])
    with runtime.sessions.begin() as session:
        long_queues.keep_queues(session, shop_id, ITEM, {1: kept}, now=NOW)


def versions(runtime: Runtime) -> list[tuple[int, str]]:
    """The pages of the queue, each with what wrote it."""
    with runtime.sessions.begin() as session:
        told = sa.select(LongQueuePage.page, sa.literal_column("xmin::text")).order_by(
            LongQueuePage.page
        )
        return [tuple(row) for row in session.execute(told.where(LongQueuePage.kind == "queue"))]  # type: ignore[misc]


def test_only_pages_that_read_differently_are_written(runtime: Runtime, shop_id: int) -> None:
    keep(runtime, shop_id, *range(2 * PAGE))
    before = versions(runtime)

    keep(runtime, shop_id, *range(2 * PAGE + 1))

    assert versions(runtime)[:2] == before
    assert [number for number, _ in versions(runtime)] == [1, 2, 3]


def test_pages_of_orders_that_are_served_go(runtime: Runtime, shop_id: int) -> None:
    keep(runtime, shop_id, *range(2 * PAGE + 1))

    keep(runtime, shop_id, *range(PAGE))

    with runtime.sessions.begin() as session:
        lines = long_queues.read_page(session, shop_id, ITEM, 1, 1)
        assert [one.order_id for one in lines] == list(range(PAGE))
        assert long_queues.read_page(session, shop_id, ITEM, 1, 2) == []
        assert long_queues.read_outside(session, shop_id, ITEM, 1) == [(1, 2)]
        assert long_queues.read_sums(session, shop_id, ITEM)[1][0].length == PAGE
