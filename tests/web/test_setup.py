"""The set-up checklist: what is done is read off the shop, what is left says where."""

from flask.testing import FlaskClient

from app.core.alerts import AlertKind, Digest
from app.db import alerts
from app.db.models import ArrivalRow, PoolRow, Shop
from app.pipeline.runtime import Runtime
from app.web.access import Role
from app.web.application import create_app
from tests.builders import ITEM, LOCATION, NOW
from tests.db.waiting import in_days, placed, sells
from tests.web.test_pages_orders import text
from tests.web.visitors import sign_in


def test_a_new_shop_is_led_from_its_overview_to_what_is_left(client: FlaskClient, shop_id: int) -> None:
    overview = client.get(f"/shops/{shop_id}")
    checklist = text(client.get(f"/shops/{shop_id}/setup"))

    assert f'href="/shops/{shop_id}/setup"' in overview.get_data(as_text=True)
    assert "1 of 10 steps done." in checklist
    assert "To do Lead time: Used when no delivery is scheduled." in checklist
    assert "To do First expected delivery:" in checklist
    assert "Optional Email alerts:" in checklist
    assert "[backorder]" in checklist


def test_what_is_done_is_marked_and_the_overview_asks_no_more(
    client: FlaskClient, runtime: Runtime, shop_id: int
) -> None:
    _set_up(runtime, shop_id)

    checklist = text(client.get(f"/shops/{shop_id}/setup"))

    assert "To do" not in checklist
    assert "Done Lead time: 14 days" in checklist
    assert "Done Test order:" in checklist
    assert "Done Email alerts:" in checklist
    assert "Set-up is not finished" not in text(client.get(f"/shops/{shop_id}"))


def _set_up(runtime: Runtime, shop_id: int) -> None:
    with runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        shop.lead_time_days, shop.country = 14, "US"
        sells(session, shop)
        placed(session, shop, 1, placed_at=NOW)
        session.add(
            PoolRow(
                shop_id=shop_id, item_id=ITEM, location_id=LOCATION, location_name="Main",
                on_hand=0, available=0, supply=0, read_at=NOW,
            )
        )  # fmt: skip
        session.add(
            ArrivalRow(
                shop_id=shop_id, item_id=ITEM, sku="MUG-BLUE", location_id=LOCATION, quantity=9,
                received=0, expected_on=in_days(5), first_expected_on=in_days(5), supplier="",
                reference="", state="expected", source="typed", created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
        alerts.subscribe(
            session, shop_id, "ann@shop.example",
            kinds=[AlertKind.STUCK], digest=Digest.NONE, by="Sue", now=NOW,
        )  # fmt: skip


def test_whoever_may_only_look_is_not_asked_to_set_up(runtime: Runtime, shop_id: int) -> None:
    app = create_app(runtime)
    viewer = sign_in(app, runtime, shop_id, role=Role.LOOK)

    assert viewer.get(f"/shops/{shop_id}/setup").status_code == 403
    assert "Set-up is not finished" not in viewer.get(f"/shops/{shop_id}").get_data(as_text=True)
