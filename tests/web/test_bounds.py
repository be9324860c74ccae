"""Values without bounds, at every door: pages, forms, webhooks and the API."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.db.api_tokens import renew_token
from app.db.arrivals import expected_arrivals
from app.db.models import ArrivalRow, Event, Shop, StockItem
from app.pipeline.runtime import Runtime
from app.web.application import create_app
from app.web.pages.forms import Form
from tests.builders import ITEM, day, item_stock, pool
from tests.db.stock import known_item, record_stock
from tests.web.posting import deliveries, order_body, post
from tests.web.visitors import Browser, form_token, sign_in

TODAY = day("2026-11-29")
NUMBERS = ("0", "-1", str(2**63), str(2**63 - 1), "9" * 5000, "1e9", "\u0663", "%00", "~", "x")
MOMENTS = (
    "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "0000-00-00", "9999-12-31", "2026-12-05",
)  # fmt: skip


@pytest.fixture
def shop(runtime: Runtime, install: Callable[[str], int]) -> int:
    """A shop in which somebody waits for mugs."""
    shop_id = install("mugs.myshopify.com")
    with runtime.sessions.begin() as session:
        known_item(session, session.get_one(Shop, shop_id), has_queue=True)
        record_stock(session, shop_id, item_stock(pool(-1)), {})
    return shop_id


@pytest.fixture
def ann(runtime: Runtime, shop: int) -> Browser:
    """Who manages it."""
    return sign_in(create_app(runtime), runtime, shop)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_in_an_address_never_breaks_a_page(ann: Browser, shop: int, number: str) -> None:
    paths = (
        f"/shops/{number}", f"/shops/{shop}/orders/{number}", f"/shops/{shop}/items/{number}",
        f"/shops/{shop}/items/{ITEM}?page={number}&location={number}&units={number}",
        f"/shops/{shop}/items?page={number}",
    )  # fmt: skip

    answers = {path: ann.get(path).status_code for path in paths}

    assert set(answers.values()) <= {200, 404}, answers


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_place_or_day_in_an_address_never_breaks_a_page(ann: Browser, shop: int, moment: str) -> None:
    pages = ("orders", "activity", "deliveries", "items")
    names = ("after", "before")
    paths = [
        (f"/shops/{shop}/{page}", {name: f"{moment}~{row_id}", "since": moment, "until": moment})
        for page in pages
        for name in names
        for row_id in (1, 2**63 - 1, 2**63)
    ]

    answers = {ann.get(path, query_string=query).status_code for path, query in paths}

    assert answers == {200}


@pytest.mark.parametrize("page", ["orders", "activity", "items", "deliveries"])
def test_a_zero_byte_in_a_search_is_left_out(ann: Browser, shop: int, page: str) -> None:
    answer = ann.get(f"/shops/{shop}/{page}?q=mug%00s&kind=%00&list=%00&sort=%00")

    assert answer.status_code == 200


@pytest.mark.parametrize("told", ["9999-12-31", "2037-12-05", "0001-01-01", "0000-00-00"])
def test_no_arrival_is_typed_for_a_day_that_can_not_be_promised(
    ann: Browser, shop: int, runtime: Runtime, told: str
) -> None:
    page = f"/shops/{shop}/items/{ITEM}"
    fields = {"location": "41", "quantity": "4", "expected_on": told, "reference": ""}

    answer = _send(ann, page, "arrivals", fields)

    assert answer == 422
    with runtime.sessions.begin() as session:
        assert session.scalars(sa.select(ArrivalRow)).all() == []


@pytest.mark.parametrize("told", ["9999-12-31", "0000-00-00", "1900-01-01"])
def test_a_release_on_no_date_is_a_release_without_a_date(
    ann: Browser, shop: int, runtime: Runtime, told: str
) -> None:
    page = f"/shops/{shop}/items/{ITEM}"

    assert _send(ann, page, "terms", {"kind": "preorder", "release_on": told}) == 303

    with runtime.sessions.begin() as session:
        assert session.get_one(StockItem, (shop, ITEM)).release_on is None
    assert ann.get(page).status_code == 200


def _send(browser: Browser, page: str, action: str, fields: Mapping[str, str]) -> int:
    token = form_token(browser.get(page))
    headers = {"Sec-Fetch-Site": "same-origin"}
    return browser.post(
        f"{page}/{action}", data={"csrf_token": token, **fields}, headers=headers
    ).status_code


def test_what_was_kept_before_days_had_bounds_is_expected_no_more(
    ann: Browser, shop: int, runtime: Runtime
) -> None:
    page, soon = f"/shops/{shop}/items/{ITEM}", {"location": "41", "quantity": "4", "expected_on": ""}
    for on in ("2026-12-05", "2026-12-06"):
        assert _send(ann, page, "arrivals", {**soon, "expected_on": on}) == 303
    with runtime.sessions.begin() as session:
        late = session.scalars(sa.select(ArrivalRow).order_by(ArrivalRow.id.desc())).first()
        assert late is not None
        late.expected_on, session.get_one(StockItem, (shop, ITEM)).release_on = date.max, date.max
        session.get_one(StockItem, (shop, ITEM)).kind = "preorder"

    assert ann.get(page).status_code == 200
    with runtime.sessions.begin() as session:
        coming = expected_arrivals(session, shop, ITEM)
        assert [one.expected_on for one in coming[41]] == [day("2026-12-05")]


def test_an_arrival_without_a_date_withdraws_the_date_that_was_known(
    client: FlaskClient, shop: int, runtime: Runtime
) -> None:
    with runtime.sessions.begin() as session:
        token = renew_token(session.get_one(Shop, shop))
    one = {"reference": "PO-1", "sku": "MUG-BLUE", "quantity": 4, "expected_on": "2026-12-05"}
    headers = {"Authorization": f"Bearer {token}"}
    client.post("/api/v1/arrivals", json={"arrivals": [one]}, headers=headers)

    for told in ("9999-12-31", None):
        sent = {"arrivals": [{**one, "expected_on": told}]}
        answer = client.post("/api/v1/arrivals", json=sent, headers=headers)
        assert (answer.status_code, answer.get_json()["without_date"]) == (200, 1)

    with runtime.sessions.begin() as session:
        assert session.scalars(sa.select(ArrivalRow.state)).all() == ["undated"]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("2037-12-05", "expected_on 2037-12-05 is more than 10 years ahead"),
        ("1926-12-05", "expected_on: 1926-12-05 can't be meant: give a day of this century"),
        ("soon", "expected_on: 'soon' is not a day: write it as 2026-12-31"),
    ],
)
def test_the_api_says_which_day_can_not_be_meant(
    client: FlaskClient, shop: int, runtime: Runtime, told: str, reason: str
) -> None:
    with runtime.sessions.begin() as session:
        token = renew_token(session.get_one(Shop, shop))
    one = {"reference": "PO-1", "sku": "MUG-BLUE", "quantity": 4, "expected_on": told}

    answer = client.post(
        "/api/v1/arrivals", json={"arrivals": [one]}, headers={"Authorization": f"Bearer {token}"}
    )

    assert (answer.status_code, answer.get_json()["errors"][0]["reason"]) == (422, reason)


@pytest.mark.parametrize("moment", MOMENTS[:2])
def test_a_time_out_of_reach_in_a_webhook_is_taken_in(
    client: FlaskClient, shop: int, runtime: Runtime, moment: str
) -> None:
    body = order_body(created_at=moment, processed_at=moment)

    answer = post(client, body, Triggered_At=moment)

    assert answer.status_code == 200
    assert deliveries(runtime.engine) == [("orders/create", "due", None)]


def test_the_moment_of_an_event_is_shown_whatever_it_was(
    ann: Browser, shop: int, runtime: Runtime
) -> None:
    with runtime.sessions.begin() as session:
        zone = session.get_one(Shop, shop)
        zone.time_zone = "America/Los_Angeles"
        session.flush()
        session.execute(
            sa.insert(Event).values(shop_id=shop, at=runtime.clock(), kind="item changed", why="x")
        )
        session.execute(sa.text("UPDATE events SET at = '0001-01-01 00:00:00+00'"))

    assert ann.get(f"/shops/{shop}/activity").status_code == 200


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Choose a day."),
        ("9999-12-31", "Choose a day."),
        ("2026-11-28", "This day has passed: choose today or a later one."),
        ("2037-12-05", "This day is more than 10 years ahead: choose a sooner one."),
        ("2026-12-05", None),
    ],
)
def test_a_form_says_what_is_wrong_with_a_day(typed: str, error: str | None) -> None:
    form = Form({"on": typed})

    form.day("on", today=TODAY)

    assert form.errors.get("on") == error
