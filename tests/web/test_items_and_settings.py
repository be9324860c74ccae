"""Items and settings by way of the production application: two shops, two roles, and few queries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.model import Basis, Promise
from app.db import arrivals, promises
from app.db.models import ArrivalRow, Event, Shop, StaffRow, StockItem
from app.pipeline.runtime import Runtime
from app.web.access import Role
from app.web.application import create_app
from tests.builders import ITEM, NOW, day, item_stock, line, order_item, order_seen, pool, routed
from tests.db.stock import known_item, record_stock, see
from tests.web.visitors import Browser, form_token, sign_in


@dataclass
class Shops:
    """Two shops with an item of the same number each."""

    runtime: Runtime
    ours: int
    theirs: int

    def browser(self, role: Role = Role.MANAGE) -> Browser:
        """Somebody of our shop."""
        return sign_in(create_app(self.runtime), self.runtime, self.ours, role=role)

    def arrival_of(self, shop_id: int) -> int:
        """The number of the shop's arrival."""
        with self.runtime.sessions.begin() as session:
            return session.scalars(sa.select(ArrivalRow.id).where(ArrivalRow.shop_id == shop_id)).one()


@pytest.fixture
def shops(runtime: Runtime, install: Callable[[str], int]) -> Shops:
    """Both with one order that waits and one arrival."""
    found = Shops(runtime, install("mugs.myshopify.com"), install("towels.myshopify.com"))
    for shop_id in (found.ours, found.theirs):
        fill(found, shop_id, orders=1)
    return found


def fill(shops: Shops, shop_id: int, *, orders: int) -> None:
    """So many orders that wait for a mug each."""
    with shops.runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        item = known_item(session, shop, has_queue=True)
        for number in range(1, orders + 1):
            copy = order_seen(
                order_item(1), order=number, placed=number, routing=routed(1, route=number)
            )
            see(session, shop, copy, is_read=True)
        record_stock(session, shop_id, item_stock(pool(-orders, committed=orders)), {})
        made = [
            (Promise(line(1, order=number), 1, day("2026-12-05"), Basis.ARRIVAL), "words")
            for number in range(1, orders + 1)
        ]
        promises.record_promises(session, shop_id, ITEM, made, now=NOW, cause="a test")
        _expect(session, item)


def _expect(session: Session, item: StockItem) -> None:
    arrivals.add_arrival(
        session,
        item,
        location_id=41,
        quantity=4,
        expected_on=day("2026-12-05"),
        reference="",
        now=NOW,
    )


def settings_of(shops: Shops, shop_id: int) -> tuple[object, ...]:
    """Everything that the two pages could change of a shop."""
    with shops.runtime.sessions.begin() as session:
        shop, item = session.get_one(Shop, shop_id), session.get_one(StockItem, (shop_id, ITEM))
        rows = session.scalars(sa.select(ArrivalRow).where(ArrivalRow.shop_id == shop_id))
        people = session.scalars(sa.select(StaffRow.email).where(StaffRow.shop_id == shop_id))
        return (
            (shop.quiet_days, shop.promise_quantile, shop.handling_days, shop.country),
            (shop.cut_off, shop.carrier_country, shop.supplier_countries, shop.says_range),
            (shop.regime, shop.tags_delay_notices),
            (shop.holds, list(shop.hold_rules)),
            (shop.moves, shop.restocks, shop.skip_times, shop.skip_days),
            dict(shop.tag_names),
            dict(shop.wording),
            list(shop.priority_rules),
            (item.kind, item.lead_time_days),
            [(row.quantity, row.received, row.expected_on, row.state) for row in rows],
            list(people),
        )


ARRIVAL = {"quantity": "9", "received": "1", "expected_on": "2026-12-24", "location": "41"}
ACTIONS = {
    "items/31/arrivals": ARRIVAL,
    "items/31/arrivals/{arrival}": ARRIVAL,
    "incoming/{arrival}": ARRIVAL | {"reference": "", "supplier": ""},
    "incoming/{arrival}/receive": {},
    "incoming/{arrival}/cancel": {},
    "items/31/terms": {"kind": "discontinued", "lead_time_days": "3"},
    "settings/dates": {
        "quiet_days": "9",
        "promise_percent": "95",
        "handling_days": "2",
        "country": "de-by",
        "cut_off": "14:00",
        "carrier_country": "gb-Scotland",
        "supplier_countries": "Acme = CN",
        "says_range": "yes",
        "time_zone": "UTC",
        "locale": "en",
    },
    "settings/law": {"regime": "eu", "tags_delay_notices": "yes"},
    "settings/tags": {"backordered": "late"},
    "settings/wording": {"language": "en", "more": "plus {count}"},
    "settings/priorities": {"tag-0": "vip", "priority-0": "3"},
    "settings/moves": {"moves": "yes"},
    "settings/restocks": {"restocks": "skip", "skip_times": "2", "skip_days": "9"},
    "settings/holds": {"holds": "short", "tag-0": "wholesale", "policy-0": "order"},
    "settings/staff": {"email": "sue@example.com", "role": "manage"},
}


def send(browser: Browser, shop_id: int, path: str, fields: dict[str, str], token_of: int) -> int:
    """Send a form as its page would; returns the status of the answer."""
    token = form_token(browser.get(f"/shops/{token_of}/settings"))
    answer = browser.post(
        f"/shops/{shop_id}/{path}",
        data={**fields, "csrf_token": token},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    return answer.status_code


def test_the_hour_the_carrier_and_the_suppliers_are_kept_as_they_are_known(shops: Shops) -> None:
    browser = shops.browser()

    status = send(browser, shops.ours, "settings/dates", ACTIONS["settings/dates"], shops.ours)

    assert status == 303
    assert ("14:00", "GB-SCT", "Acme = CN", True) in settings_of(shops, shops.ours)
    assert 'value="yes" checked' in browser.get(f"/shops/{shops.ours}/settings").text


@pytest.mark.parametrize(
    ("field", "typed"),
    [("cut_off", "noon"), ("carrier_country", "ZZ"), ("supplier_countries", "Acme")],
)
def test_dates_that_can_not_be_read_change_nothing(shops: Shops, field: str, typed: str) -> None:
    browser, before = shops.browser(), settings_of(shops, shops.ours)
    fields = {**ACTIONS["settings/dates"], field: typed}

    assert send(browser, shops.ours, "settings/dates", fields, shops.ours) == 422
    assert settings_of(shops, shops.ours) == before


@pytest.mark.parametrize("path", ACTIONS)
def test_a_manager_changes_their_own_shop_and_no_other(shops: Shops, path: str) -> None:
    browser, theirs = shops.browser(), settings_of(shops, shops.theirs)
    before = settings_of(shops, shops.ours)
    foreign = path.format(arrival=shops.arrival_of(shops.theirs))
    own = path.format(arrival=shops.arrival_of(shops.ours))

    assert send(browser, shops.theirs, foreign, ACTIONS[path], shops.ours) == 404
    if foreign != own:  # a number of theirs under our own address
        assert send(browser, shops.ours, foreign, ACTIONS[path], shops.ours) == 404
    assert settings_of(shops, shops.ours) == before
    assert send(browser, shops.ours, own, ACTIONS[path], shops.ours) in (200, 303)

    assert settings_of(shops, shops.ours) != before
    assert settings_of(shops, shops.theirs) == theirs


@pytest.mark.parametrize("path", ACTIONS)
def test_who_may_only_look_changes_nothing(shops: Shops, path: str) -> None:
    browser, before = shops.browser(Role.LOOK), settings_of(shops, shops.ours)
    token = browser.get(f"/shops/{shops.ours}/items/31").get_data(as_text=True)

    answer = browser.post(
        f"/shops/{shops.ours}/{path.format(arrival=shops.arrival_of(shops.ours))}",
        data=ACTIONS[path],
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert answer.status_code == 403
    assert "Add a delivery" not in token
    assert "What if more arrives?" in token
    assert browser.get(f"/shops/{shops.ours}/settings").status_code == 403
    assert settings_of(shops, shops.ours) == before


@pytest.mark.parametrize("path", ["items", "items/31", "settings", f"items/{2**63}", "items/99"])
def test_pages_of_another_shop_and_items_that_there_are_not_are_not_found(
    shops: Shops, path: str
) -> None:
    browser = shops.browser()

    assert browser.get(f"/shops/{shops.theirs}/{path}").status_code == 404
    expected = 200 if path in ("items", "items/31", "settings") else 404
    assert browser.get(f"/shops/{shops.ours}/{path}").status_code == expected


def test_a_change_names_the_person(shops: Shops) -> None:
    send(shops.browser(), shops.ours, "settings/tags", {"backordered": "late"}, shops.ours)

    with shops.runtime.sessions.begin() as session:
        event = session.scalars(sa.select(Event).where(Event.kind == "setting changed")).one()
    assert (event.shop_id, event.before, event.after, event.why) == (
        shops.ours,
        "tag names: {}",
        'tag names: {"backordered": "late"}',
        "set by Ann",
    )


@pytest.mark.parametrize(
    "path", ["items", "items?q=mug", "items/31", "items/31?units=3&on=2026-12-01", "settings"]
)
def test_a_page_asks_as_often_for_many_orders_as_for_one(shops: Shops, path: str) -> None:
    browser = shops.browser()
    address = f"/shops/{shops.ours}/{path}"
    browser.get(address)
    with counted(shops.runtime) as few:
        browser.get(address)
    fill(shops, shops.ours, orders=40)
    with counted(shops.runtime) as many:
        answer = browser.get(address)

    assert answer.status_code == 200
    assert len(many) == len(few)


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[str]]:
    """The statements while the block runs."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(runtime.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("typed", ["1e3", "²", "-", "9" * 400, "0x10", " ", "\u0661"])
def test_whatever_is_typed_as_a_number_is_answered_in_words(shops: Shops, typed: str) -> None:
    answer = shops.browser().get(
        f"/shops/{shops.ours}/items/31", query_string={"units": typed, "on": typed, "page": typed}
    )

    assert answer.status_code == 200
    assert "Enter a whole number from 1 to 1,000,000,000." in answer.get_data(as_text=True)


def test_an_arrival_without_a_date_is_shown_as_one_until_it_has_one(shops: Shops) -> None:
    ann = shops.browser()
    page = f"/shops/{shops.ours}/items/{ITEM}"
    arrival_id = shops.arrival_of(shops.ours)
    with shops.runtime.sessions.begin() as session:
        session.get_one(ArrivalRow, arrival_id).state = "undated"
    shown = ann.get(page).get_data(as_text=True)
    assert "without a date" in shown
    assert ">Late<" not in shown

    fields = {"quantity": "4", "received": "0", "expected_on": "2027-01-15", "reference": "PO-1"}
    token = form_token(ann.get(page))
    ann.post(
        f"{page}/arrivals/{arrival_id}",
        data={"csrf_token": token, **fields},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    with shops.runtime.sessions.begin() as session:
        row = session.get_one(ArrivalRow, arrival_id)
        assert (row.state, row.expected_on, row.first_expected_on) == (
            "expected", day("2027-01-15"), day("2027-01-15"),
        )  # fmt: skip
