"""The list of orders as a working list: narrowed, summed, kept by name, written as a file, acted on."""

import csv
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.db.models import ArrivalRow, Order, PromiseRow, Shop
from app.pipeline.runtime import Runtime
from app.web.pages.cells import cell_line
from app.web.pages.order_columns import COLUMNS
from tests.builders import ITEM, LOCATION, NOW
from tests.db.waiting import in_days, placed, sells
from tests.web.test_pages_orders import names, text
from tests.web.visitors import form_token


@pytest.fixture
def waiting(runtime: Runtime, shop_id: int) -> int:
    """#1 waits for a mug of Acme's, tagged VIP; #2 for a towel, ten days already; #3 has its goods."""
    with runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        sells(session, shop)
        sells(session, shop, item=ITEM + 1, title="Tea Towel", sku="TOWEL")
        placed(session, shop, 1, short=2, on=in_days(5), tags="\nvip\nwholesale\n", short_value=900_000)
        old = NOW - timedelta(days=10)
        placed(session, shop, 2, short=1, item=ITEM + 1, on=in_days(40), since=old)
        placed(session, shop, 3, released_on=in_days(-1), tags="\nviper\n")
        session.add(_delivery(shop_id))
    return shop_id


def _delivery(shop_id: int) -> ArrivalRow:
    day = in_days(5)
    return ArrivalRow(
        shop_id=shop_id, item_id=ITEM, sku="MUG-BLUE", location_id=LOCATION, quantity=9, received=0,
        expected_on=day, first_expected_on=day, supplier="Acme", reference="PO-17", state="expected",
        source="typed", created_at=NOW, updated_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("tag=VIP", ["#1"]),
        ("tag=vi", []),
        ("supplier=acme", ["#1"]),
        ("sku=towel", ["#2"]),
        ("over=9", ["#2"]),
        ("over=9&tag=vip", []),
        ("by=2026-12-01", ["#1"]),
        (f"location={LOCATION}", ["#1", "#2"]),
        (f"location={LOCATION + 1}", []),
        ("released=2026-11-24", ["#3"]),
        ("q=PO-17", ["#1"]),
        ("q=acme", ["#1"]),
        ("q=vip", ["#1"]),
        ("over=x&by=never&location=%00&tag=%00", ["#1", "#2"]),
    ],
)
def test_the_list_is_narrowed_by_its_address(
    client: FlaskClient, waiting: int, arguments: str, found: list[str]
) -> None:
    assert names(client.get(f"/shops/{waiting}/orders?{arguments}")) == found


def test_the_list_says_what_it_comes_to(client: FlaskClient, waiting: int) -> None:
    assert "2 orders , 3 units backordered" in text(client.get(f"/shops/{waiting}/orders"))


def test_the_file_holds_what_is_shown_and_nothing_else(client: FlaskClient, waiting: int) -> None:
    answer = client.get(f"/shops/{waiting}/orders.csv?tag=vip&columns=item,units,tags")

    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True)[1:])))
    assert [(row["order"], row["sku"], row["units backordered"], row["tags"]) for row in rows] == [
        ("#1", "MUG-BLUE", "2", "vip, wholesale")
    ]


def waits_for_two(runtime: Runtime, shop_id: int) -> None:
    """#1 waits for a towel, too: one of its three units."""
    with runtime.sessions.begin() as session:
        order = session.get_one(Order, (shop_id, 1))
        order.short = 3
        session.add(
            PromiseRow(
                shop_id=shop_id, order_id=1, item_id=ITEM + 1, location_id=LOCATION, short=1,
                basis="unknown", words="nothing on hand", short_since=NOW,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ("item,units,value,priority", [("#1", "2", "90"), ("#1", "1", ""), ("#2", "1", "")]),
        ("units,value", [("#1", "3", "90"), ("#2", "1", "")]),
    ],
)
def test_sums_of_the_file_are_those_of_the_list(
    client: FlaskClient, runtime: Runtime, waiting: int, columns: str, lines: list[tuple[str, ...]]
) -> None:
    """A value is that of the order: on each line of its items, it would be summed as often."""
    waits_for_two(runtime, waiting)

    assert "2 orders , 4 units backordered, 90." in text(client.get(f"/shops/{waiting}/orders"))
    answer = client.get(f"/shops/{waiting}/orders.csv?columns={columns}")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True)[1:])))
    shown = [(row["order"], row["units backordered"], row["value backordered"]) for row in rows]
    assert shown == lines


def test_an_order_that_waits_for_nothing_has_no_value(
    client: FlaskClient, runtime: Runtime, waiting: int
) -> None:
    """Once its stock has come, nothing of it is at stake; a zero would read as a price."""
    with runtime.sessions.begin() as session:
        session.get_one(Order, (waiting, 3)).short_value = 0

    shown = text(client.get(f"/shops/{waiting}/orders?list=all&columns=value"))
    rows = client.get(f"/shops/{waiting}/orders.csv?list=all&columns=value").text.splitlines()

    assert "Value #3 #2 #1 90" in shown
    assert rows[1:] == ["#3,", "#2,", "#1,90"]


def test_a_number_of_the_file_can_be_sorted_and_summed_below_zero_too(
    client: FlaskClient, runtime: Runtime, waiting: int
) -> None:
    with runtime.sessions.begin() as session:
        session.get_one(Order, (waiting, 2)).priority = -5

    rows = client.get(f"/shops/{waiting}/orders.csv?columns=priority").text.splitlines()

    assert rows[1:] == ["#1,0", "#2,-5"]


@pytest.mark.parametrize("text", ["-5+cmd|' /C calc'!A0", "-", "--5", "=1", "+5", "-5.", "@5", "-5\n"])
def test_what_a_spreadsheet_would_work_out_is_no_number(text: str) -> None:
    assert next(csv.reader(io.StringIO(cell_line([text])))) == [f"'{text}"]


def heads(client: FlaskClient, path: str) -> list[str]:
    """The columns of the list's table, or of its file."""
    answer = client.get(path)
    if ".csv" in path:
        return next(csv.reader([answer.get_data(as_text=True)[1:].splitlines()[0]]))
    return re.findall(r'<th role="columnheader"[^>]*>([^<]+)</th>', answer.text)


@pytest.mark.parametrize("arguments", ["columns=tags,expected", "column=expected&column=tags"])
def test_columns_are_chosen_for_the_page_and_for_the_file(
    client: FlaskClient, waiting: int, arguments: str
) -> None:
    page = f"/shops/{waiting}/orders"

    assert heads(client, f"{page}?{arguments}") == ["Order", "Expected", "Tags"]
    assert heads(client, f"{page}.csv?{arguments}") == ["order", "expected", "tags"]
    shown = client.get(f"{page}?{arguments}")
    assert "vip, wholesale" in text(shown)
    assert f"{page}.csv?list=short&amp;columns=expected,tags" in shown.text.replace("%2C", ",")


@pytest.mark.parametrize("arguments", ["", "columns=", "columns=nonsense&column=%00"])
def test_unless_columns_are_chosen_the_usual_ones_are_shown(
    client: FlaskClient, waiting: int, arguments: str
) -> None:
    usual = ["Order", "State", "Waiting for", "Backordered", "Expected", "Waiting since", "Placed"]

    assert heads(client, f"/shops/{waiting}/orders?{arguments}") == usual
    in_file = heads(client, f"/shops/{waiting}/orders.csv?{arguments}")
    assert in_file == [
        "order", "state", "item", "sku", "units backordered", "expected", "waiting since", "placed",
    ]  # fmt: skip


def test_every_column_can_be_shown(client: FlaskClient, waiting: int) -> None:
    every = ",".join(COLUMNS)

    shown = text(client.get(f"/shops/{waiting}/orders?columns={every}"))
    rows = list(csv.reader(client.get(f"/shops/{waiting}/orders.csv?columns={every}").text.splitlines()))

    assert len({len(row) for row in rows}) == 1
    assert "90" in shown


def test_where_orders_have_no_tags_there_is_no_column_of_them(
    client: FlaskClient, runtime: Runtime, waiting: int
) -> None:
    with runtime.sessions.begin() as session:
        session.get_one(Shop, waiting).platform = "bigcommerce"

    assert heads(client, f"/shops/{waiting}/orders?columns=state,tags") == ["Order", "State"]
    assert heads(client, f"/shops/{waiting}/orders.csv?columns=state,tags") == ["order", "state"]


def test_a_view_keeps_its_columns(client: FlaskClient, waiting: int) -> None:
    post(client, f"/shops/{waiting}/orders/views", name="Dates", shown="list=short&columns=expected")

    page = client.get(f"/shops/{waiting}/orders").get_data(as_text=True)
    assert f'href="/shops/{waiting}/orders?list=short&amp;columns=expected">Dates<' in page


def post(client: FlaskClient, path: str, **fields: object) -> str:
    """Send a form of the list; where it leads."""
    token = form_token(client.get("/sign-in"))
    answer = client.post(path, data={"csrf_token": token, **fields})
    assert answer.status_code == 303
    return str(answer.location)


def test_many_orders_are_acted_on_at_once(client: FlaskClient, runtime: Runtime, waiting: int) -> None:
    path = f"/shops/{waiting}/orders/bulk"
    back = post(client, path, act="priority", priority="7", order=["1", "2"], shown="list=short&tag=vip")
    post(client, path, act="pause", order=["2"])

    assert back == f"/shops/{waiting}/orders?list=short&tag=vip"
    with runtime.sessions.begin() as session:
        rows = session.scalars(sa.select(Order).order_by(Order.order_id)).all()
        assert [(row.priority, row.held_at is not None) for row in rows] == [
            (7, False), (7, True), (0, False),
        ]  # fmt: skip


def test_a_view_is_kept_by_its_name(client: FlaskClient, waiting: int) -> None:
    post(client, f"/shops/{waiting}/orders/views", name="VIPs", shown="list=short&tag=vip&x=1")

    page = client.get(f"/shops/{waiting}/orders").get_data(as_text=True)
    assert f'href="/shops/{waiting}/orders?list=short&amp;tag=vip">VIPs<' in page
    post(client, f"/shops/{waiting}/orders/views/delete", name="VIPs")
    assert ">VIPs<" not in client.get(f"/shops/{waiting}/orders").get_data(as_text=True)


def test_what_was_released_yesterday_is_picked_by_item(client: FlaskClient, waiting: int) -> None:
    shown = text(client.get(f"/shops/{waiting}/orders/pick-list?day=2026-11-24"))

    assert "Blue Mug MUG-BLUE 1 #3 (1)" in shown
    assert "No orders were released" in text(client.get(f"/shops/{waiting}/orders/pick-list"))


def test_a_buyers_address_is_searched_on_the_platform(client: FlaskClient, waiting: int) -> None:
    answer = client.get(f"/shops/{waiting}/orders?q=sue%40example.com")

    assert "Backline keeps no customer data" in text(answer)
    assert "/orders?query=sue%40example.com" in answer.get_data(as_text=True)


@pytest.mark.parametrize("asked", ["1001", "#1001", "en1001", "EN1001"])
def test_an_order_is_found_however_its_number_is_said(
    client: FlaskClient, runtime: Runtime, waiting: int, asked: str
) -> None:
    with runtime.sessions.begin() as session:
        session.execute(sa.update(Order).where(Order.order_id == 3).values(name="EN1001"))

    shown = client.get(f"/shops/{waiting}/orders", query_string={"q": asked})

    assert names(shown) == ["EN1001"]
