"""Incoming: what comes when, whom it serves, and nothing that is done without being asked first."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app.db import arrivals, undo
from app.db.models import ArrivalRow, Shop, StockItem
from app.pipeline.runtime import Runtime
from app.web.access import Role
from app.web.application import create_app
from tests.builders import ITEM, NOW
from tests.web.test_items_and_settings import Shops, fill
from tests.web.test_pages_orders import text
from tests.web.visitors import form_token, new_pass, sign_in, stranger

TODAY = NOW.date()


@pytest.fixture
def shops(runtime: Runtime, install: Callable[[str], int]) -> Shops:
    """Two shops, each with an order that waits and a delivery."""
    found = Shops(runtime, install("mugs.myshopify.com"), install("towels.myshopify.com"))
    for shop_id in (found.ours, found.theirs):
        fill(found, shop_id, orders=1)
    return found


def change(shops: Shops, **columns: object) -> int:
    """Our delivery, with other values; returns its number."""
    number = shops.arrival_of(shops.ours)
    with shops.runtime.sessions.begin() as session:
        session.execute(sa.update(ArrivalRow).where(ArrivalRow.id == number).values(**columns))
    return number


def read(shops: Shops, path: str) -> str:
    """What a manager reads there."""
    return text(shops.browser().get(f"/shops/{shops.ours}/{path}"))


def test_a_purchase_order_names_the_orders_it_serves(shops: Shops) -> None:
    change(shops, reference="PO-17", supplier="Acme")

    shown = read(shops, "incoming?po=po-17")

    assert "Dec 5, 2026" in shown
    assert "PO-17 Acme #1 (1)" in shown
    assert "No deliveries found." in read(shops, "incoming?po=PO-18")


def test_a_late_delivery_does_not_say_that_nobody_waits_for_it(shops: Shops) -> None:
    number = change(shops, expected_on=TODAY - timedelta(days=2), reference="PO-17")

    assert "No order's date relies on it while it is late." in read(shops, "incoming?show=late")
    assert "No order's date relies on it while it is late." in read(shops, f"incoming/{number}")
    assert "#1" in read(shops, "orders?list=short&sku=MUG-BLUE")


@pytest.mark.parametrize(
    ("days", "week", "late"), [(0, True, False), (6, True, False), (7, False, False), (-1, False, True)]
)
def test_deliveries_of_the_week_and_late_ones_have_lists(
    shops: Shops, days: int, week: bool, late: bool
) -> None:
    change(shops, expected_on=TODAY + timedelta(days=days), reference="PO-17")

    assert ("PO-17" in read(shops, "incoming?show=week")) is week
    assert ("PO-17" in read(shops, "incoming?show=late")) is late
    assert "PO-17" in read(shops, "incoming")


@pytest.mark.parametrize(("act", "state"), [("receive", "received"), ("cancel", "cancelled")])
def test_what_would_follow_is_shown_before_a_delivery_is_received_or_cancelled(
    shops: Shops, act: str, state: str
) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    path = f"/shops/{shops.ours}/incoming/{number}/{act}"

    asked = ann.get(path)

    assert "Without these units, 1 order would change" in text(asked)
    assert "#1 Dec 5, 2026 no date known" in text(asked)
    assert state_of(shops, number) == "expected"
    ann.post(path, data={"csrf_token": form_token(asked)}, headers={"Sec-Fetch-Site": "same-origin"})
    assert state_of(shops, number) == state


def state_of(shops: Shops, number: int) -> str:
    """Of the delivery."""
    with shops.runtime.sessions.begin() as session:
        return session.get_one(ArrivalRow, number).state


IN_FULL = {"quantity": "4", "received": "4", "expected_on": "2026-12-05", "supplier": "Acme"}


@pytest.mark.parametrize("form", ["incoming/{n}", "items/31/arrivals/{n}"])
def test_a_form_that_receives_all_of_a_delivery_asks_first_and_keeps_what_was_typed(
    shops: Shops, form: str
) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    path = f"/shops/{shops.ours}/{form.format(n=number)}"

    asked = ann.send(path, f"/shops/{shops.ours}/incoming", reference="PO-9", **IN_FULL)

    assert "Without these units, 1 order would change" in text(asked)
    assert state_of(shops, number) == "expected"
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    ann.post(path, data=hidden, headers={"Sec-Fetch-Site": "same-origin"})
    assert state_of(shops, number) == "received"
    with shops.runtime.sessions.begin() as session:
        assert session.get_one(ArrivalRow, number).reference == "PO-9"


@pytest.mark.parametrize("place", ["incoming", "incoming/{n}", "items/31?location=41"])
def test_a_cancelled_delivery_can_be_had_back_for_ten_minutes(shops: Shops, place: str) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    shop = f"/shops/{shops.ours}"
    ann.send(f"{shop}/incoming/{number}/cancel")

    offered = ann.get(f"{shop}/{place.format(n=number)}")
    undone = ann.post(
        f"{shop}/incoming/{number}/undo",
        data={"csrf_token": form_token(offered)},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert "Undo the change to delivery" in text(offered)
    assert "the delivery is as it was" in text(ann.get(undone.location))
    assert state_of(shops, number) == "expected"
    assert "Undo the change to delivery" not in text(ann.get(f"{shop}/{place.format(n=number)}"))


def test_a_delivery_that_has_come_is_not_offered_to_be_canceled(shops: Shops) -> None:
    assert "Cancel delivery" in read(shops, f"items/{ITEM}?location=41")

    change(shops, state="received", received=4)

    said = read(shops, f"items/{ITEM}?location=41")
    assert "4 units on Dec 5, 2026 Received" in said
    assert "Cancel delivery" not in said


def canceled(shops: Shops, *, deliveries: int) -> list[int]:
    """So many deliveries of our shop, which somebody has just canceled; returns their numbers."""
    with shops.runtime.sessions.begin() as session:
        item = session.get_one(StockItem, (shops.ours, ITEM))
        rows = [
            arrivals.add_arrival(
                session, item, location_id=41, quantity=4, expected_on=TODAY, reference="", now=NOW
            )
            for _ in range(deliveries)
        ]
        for row in rows:
            undo.change_for_now(session, row, is_cancelled=True, by="ann", now=NOW)
        return [row.id for row in rows]


def states_of(shops: Shops, numbers: list[int]) -> set[str]:
    """In which states these deliveries are."""
    with shops.runtime.sessions.begin() as session:
        states = sa.select(ArrivalRow.state).where(ArrivalRow.id.in_(numbers))
        return set(session.scalars(states))


def send_form(shops: Shops, page: str, action: str) -> TestResponse:
    """Press the button of a form as that page has it."""
    ann = shops.browser()
    shown = ann.get(page).text.split(f'action="{action}')[1].split("</form>")[0]
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', shown)
    sent = MultiDict([*fields, ("csrf_token", form_token(ann.get(page)))])
    return ann.post(action, data=sent, headers={"Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize("page", ["incoming", f"items/{ITEM}?location=41"])
def test_however_many_deliveries_were_canceled_all_can_be_had_back_at_once(
    shops: Shops, page: str
) -> None:
    numbers = canceled(shops, deliveries=8)
    shop = f"/shops/{shops.ours}"

    shown = read(shops, page)
    undone = send_form(shops, f"{shop}/{page}", f"{shop}/incoming/undo")

    assert shown.count("Undo the change to delivery") == 8
    assert "Undo all 8 changes" in shown
    assert undone.status_code == 303
    assert states_of(shops, numbers) == {"expected"}


def test_each_delivery_offers_its_own_change_however_many_came_after_it(shops: Shops) -> None:
    for number in canceled(shops, deliveries=8):
        assert read(shops, f"incoming/{number}").count("Undo the change to delivery") == 1


def test_what_a_colleague_changed_since_the_page_was_shown_is_not_undone(shops: Shops) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    page = f"/shops/{shops.ours}/incoming"
    ann.send(f"{page}/{number}/cancel")
    shown = dict(re.findall(r'name="(change)" value="([^"]*)"', ann.get(page).text))
    with shops.runtime.sessions.begin() as session:
        row = session.get_one(ArrivalRow, number)
        undo.change_for_now(session, row, reference="PO-9", by="bob", now=NOW + timedelta(minutes=1))

    for path in (f"{page}/{number}/undo", f"{page}/undo"):
        token = {"csrf_token": form_token(ann.get(page))}
        answer = ann.post(path, data={**token, **shown}, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 409

    with shops.runtime.sessions.begin() as session:
        assert session.get_one(ArrivalRow, number).reference == "PO-9"


def test_whoever_only_looks_can_undo_nothing_and_nobody_in_another_shop(shops: Shops) -> None:
    number, theirs = shops.arrival_of(shops.ours), shops.arrival_of(shops.theirs)
    settings, ann = f"/shops/{shops.ours}/settings", shops.browser()
    ann.send(f"/shops/{shops.ours}/incoming/{number}/cancel")
    looker = shops.browser(Role.LOOK)

    refused = looker.post(
        f"/shops/{shops.ours}/incoming/{number}/undo", headers={"Sec-Fetch-Site": "same-origin"}
    )

    assert refused.status_code == 403
    assert "Undo" not in text(looker.get(f"/shops/{shops.ours}/incoming"))
    for shop_id, arrival in ((shops.theirs, theirs), (shops.ours, theirs)):
        path = f"/shops/{shop_id}/incoming/{arrival}/undo"
        assert ann.send(path, settings).status_code == 404


def test_what_can_not_be_undone_any_more_says_why(shops: Shops) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    ann.send(f"/shops/{shops.ours}/incoming/{number}/cancel")
    change(shops, quantity=9)

    answer = ann.send(f"/shops/{shops.ours}/incoming/{number}/undo", f"/shops/{shops.ours}/settings")

    assert answer.status_code == 409
    assert "the delivery was changed again since" in text(answer)


def test_the_history_of_a_delivery_speaks_as_the_pages_do(shops: Shops) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    ann.send(f"/shops/{shops.ours}/incoming/{number}/receive")

    said = read(shops, "activity")

    assert "4 on Dec 5, 2026, 4 received" in said
    assert "landed" not in said
    assert "received, received" not in said


def test_a_delivery_is_edited_in_place(shops: Shops) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    fields = {"quantity": "4", "received": "1", "expected_on": "2026-12-11", "reference": "PO-9"}
    token = form_token(ann.get(f"/shops/{shops.ours}/incoming"))

    ann.post(
        f"/shops/{shops.ours}/incoming/{number}",
        data={"csrf_token": token, "supplier": "Acme", **fields},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    with shops.runtime.sessions.begin() as session:
        row = session.get_one(ArrivalRow, number)
        assert (row.received, row.expected_on, row.reference, row.supplier) == (
            1, date(2026, 12, 11), "PO-9", "Acme",
        )  # fmt: skip


def test_what_was_done_is_said_once(shops: Shops) -> None:
    number, ann = shops.arrival_of(shops.ours), shops.browser()
    page = f"/shops/{shops.ours}/incoming"
    answer = ann.post(
        f"{page}/{number}/cancel",
        data={"csrf_token": form_token(ann.get(page))},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert answer.location == page
    assert "Delivery canceled." in text(ann.get(answer.location))
    assert "Delivery canceled." not in text(ann.get(answer.location))


@pytest.mark.parametrize("keeps_cookies", [True, False])
def test_in_the_frame_of_an_admin_what_was_done_is_said_once_and_by_no_address(
    shops: Shops, keeps_cookies: bool
) -> None:
    number, page = shops.arrival_of(shops.ours), f"/shops/{shops.ours}/incoming"
    app = create_app(shops.runtime)
    ann, pass_ = stranger(app), new_pass(app, shops.runtime, shops.ours)
    if keeps_cookies:
        ann, pass_ = sign_in(app, shops.runtime, shops.ours, is_embedded=True), ""
    path = f"{page}/{number}/cancel?pass={pass_}"

    answer = ann.post(
        path,
        data={"csrf_token": form_token(ann.get(path))},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert "done" not in answer.location
    fresh = ann.get(answer.location, headers={"HX-Request": "true"})
    assert "Delivery canceled." not in text(fresh), (
        "a part that keeps itself fresh leaves it to the page"
    )
    assert "Delivery canceled." in text(ann.get(answer.location))
    assert "Delivery canceled." not in text(ann.get(answer.location))


@pytest.mark.parametrize("is_embedded", [True, False])
def test_no_address_says_that_something_was_done(shops: Shops, is_embedded: bool) -> None:
    ann = sign_in(create_app(shops.runtime), shops.runtime, shops.ours, is_embedded=is_embedded)

    for path in ("incoming?done=canceled", "settings?done=dates", "orders?done=retry"):
        assert 'class="notice good"' not in ann.get(f"/shops/{shops.ours}/{path}").text


def test_a_supplier_has_a_record(shops: Shops) -> None:
    with shops.runtime.sessions.begin() as session:
        for late in (0, 0, -2, 6):
            session.add(received(shops.ours, late))

    shown = read(shops, "suppliers?name=Acme")

    assert "On time 75% 3 of the last 4 deliveries" in shown
    assert "When late 6 days typically; at most 6 days" in shown


def received(shop_id: int, days_late: int) -> ArrivalRow:
    """A delivery of Acme's that came so many days late."""
    due = TODAY - timedelta(days=30)
    return ArrivalRow(
        shop_id=shop_id,
        item_id=ITEM,
        sku="MUG-BLUE",
        location_id=41,
        quantity=5,
        received=5,
        expected_on=due,
        first_expected_on=due,
        supplier="Acme",
        reference="",
        state="received",
        source="typed",
        received_at=NOW - timedelta(days=30 - days_late),
        created_at=NOW,
        updated_at=NOW,
    )


def test_a_viewer_sees_deliveries_and_can_change_none(shops: Shops) -> None:
    number, looker = shops.arrival_of(shops.ours), shops.browser(Role.LOOK)

    assert "Mark as received" not in text(looker.get(f"/shops/{shops.ours}/incoming"))
    assert looker.get(f"/shops/{shops.ours}/incoming/{number}/cancel").status_code == 403


@pytest.mark.parametrize("path", ["incoming", "incoming/{n}", "incoming/{n}/cancel", "suppliers?name=A"])
def test_nobody_sees_another_shops_deliveries(shops: Shops, path: str) -> None:
    path = path.format(n=shops.arrival_of(shops.theirs))

    assert shops.browser().get(f"/shops/{shops.theirs}/{path}").status_code == 404
    if "{" in path or path != "incoming":
        assert shops.browser().get(f"/shops/{shops.ours}/{path}").status_code == 404


def test_a_shipment_of_the_platform_is_changed_there(shops: Shops) -> None:
    number = change(shops, source="shopify", reference="#S1")
    with shops.runtime.sessions.begin() as session:
        assert session.get_one(Shop, shops.ours).platform == "shopify"

    answer = shops.browser().get(f"/shops/{shops.ours}/incoming/{number}/cancel")

    assert answer.status_code == 409
