"""Email to staff, through a real SMTP server: what is told to whom, once, and how it is ended."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.core.alerts import AlertKind, Digest
from app.core.regimes import Regime
from app.core.states import TurnEvent
from app.db import alerts
from app.db.audit import record_event
from app.db.models import ArrivalRow, DeliveryRow, Order, PromiseRow, Shop
from app.pipeline.alerts.sending import tell_all
from app.pipeline.runtime import Runtime
from app.web.application import create_app
from tests.builders import ITEM, LOCATION, NOW
from tests.db.waiting import in_days, placed, sells
from tests.mailbox import Mailbox, mail_server
from tests.web.test_pages_orders import text
from tests.web.visitors import form_token

ANN = "ann@shop.example"
DAILY_WORRIES = (AlertKind.NOTICE, AlertKind.ORDER, AlertKind.DELIVERY)

Subscribe = Callable[..., None]


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server, and what it took."""
    with mail_server() as box:
        yield box


@pytest.fixture
def mailing(runtime: Runtime, box: Mailbox) -> Runtime:
    """The clock's process, which knows the mail server."""
    values = {name.lower(): value for name, value in box.settings.items()}
    return replace(runtime, settings=runtime.settings.model_copy(update=values))


@pytest.fixture
def subscribe(runtime: Runtime, shop_id: int) -> Subscribe:
    """Ann gets these from now on."""

    def subscribe(
        kinds: Collection[AlertKind] = DAILY_WORRIES,
        digest: Digest = Digest.NONE,
        *,
        email: str = ANN,
    ) -> None:
        with runtime.sessions.begin() as session:
            alerts.subscribe(session, shop_id, email, kinds=kinds, digest=digest, by="Sue", now=NOW)

    return subscribe


def late_delivery(runtime: Runtime, shop_id: int, *, days: int = 2) -> None:
    """PO-17 of Acme, 9 mugs, that should have come so many days ago."""
    day = in_days(-days)
    with runtime.sessions.begin() as session:
        session.add(
            ArrivalRow(
                shop_id=shop_id, item_id=ITEM, sku="MUG-BLUE", location_id=LOCATION, quantity=9,
                received=0, expected_on=day, first_expected_on=day, supplier="Acme", reference="PO-17",
                state="expected", source="typed", created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip


def waiting_order(runtime: Runtime, shop_id: int, *, regime: Regime, days_ago: int) -> None:
    """#1 has waited for a mug for so long, and nobody knows until when."""
    with runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        shop.regime = regime
        sells(session, shop)
        placed(session, shop, 1, short=1, placed_at=NOW - timedelta(days=days_ago))


def test_a_late_delivery_is_told_once_with_a_link(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    late_delivery(mailing, shop_id)
    subscribe()

    sent = [tell_all(mailing), tell_all(mailing)]

    assert sent == [1, 0]
    (mail,) = box.mails
    assert mail["To"] == ANN
    assert mail["Subject"].endswith(": a delivery is late")
    assert "PO-17 from Acme: 9 × MUG-BLUE were expected Nov 23, 2026." in mail.get_content()
    with mailing.sessions.begin() as session:
        number = session.scalars(sa.select(ArrivalRow.id)).one()
    assert f"https://backline.test/shops/{shop_id}/incoming/{number}" in mail.get_content()


def test_a_delivery_with_a_new_date_that_passes_too_is_told_again(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    late_delivery(mailing, shop_id, days=3)
    subscribe()
    tell_all(mailing)
    with mailing.sessions.begin() as session:
        session.execute(sa.update(ArrivalRow).values(expected_on=in_days(-1)))

    tell_all(mailing)

    assert len(box.mails) == 2


def test_a_notice_due_tomorrow_is_told_and_one_of_next_week_is_not(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    waiting_order(mailing, shop_id, regime=Regime.US_MITOR, days_ago=29)
    subscribe()
    tell_all(mailing)
    with mailing.sessions.begin() as session:
        session.execute(sa.update(Order).values(placed_at=NOW - timedelta(days=22)))
        alerts.forget(session, shop_id, ANN, alerts.told_keys(session, shop_id, ANN))
    tell_all(mailing)

    (told,) = box.texts()
    assert "Send a delay notice for order #1: due tomorrow." in told


def test_an_order_past_its_first_promise_is_told(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    waiting_order(mailing, shop_id, regime=Regime.NONE, days_ago=20)
    with mailing.sessions.begin() as session:
        session.execute(sa.update(PromiseRow).values(first_expected_on=in_days(-4)))
        session.execute(sa.update(Order).values(expected_on=in_days(3)))
    subscribe()

    tell_all(mailing)

    (told,) = box.texts()
    assert "Order #1 was first promised for Nov 21, 2026: now expected Nov 28, 2026." in told


def test_an_order_that_waits_too_long_is_told_once_though_the_item_promised_first_has_shipped(
    mailing: Runtime, shop_id: int, subscribe: Subscribe
) -> None:
    waiting_order(mailing, shop_id, regime=Regime.NONE, days_ago=20)
    with mailing.sessions.begin() as session:
        session.execute(sa.update(PromiseRow).values(first_expected_on=in_days(-4)))
    subscribe()
    tell_all(mailing)

    with mailing.sessions.begin() as session:
        session.execute(sa.update(PromiseRow).values(first_expected_on=in_days(-2)))

    assert tell_all(mailing) == 0


def out_of_turn(runtime: Runtime, shop_id: int, *, days_ago: int = 0) -> None:
    """#1 was short and shipped, of two items, and a hold of ours on it was released."""
    with runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        sells(session, shop)
        placed(session, shop, 1, short=1, placed_at=NOW)
        at = NOW - timedelta(days=days_ago)
        for kind in (TurnEvent.SHIPPED, TurnEvent.SHIPPED, TurnEvent.HOLD_LIFTED):
            record_event(session, shop_id, kind, at=at, order_id=1)


def test_an_order_that_did_not_wait_for_its_turn_is_told_once_with_a_link(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    out_of_turn(mailing, shop_id)
    subscribe({AlertKind.TURN})

    sent = [tell_all(mailing), tell_all(mailing)]

    assert sent == [1, 0]
    (told,) = box.texts()
    assert told.count("Order #1 shipped before orders that wait longer for the same item.") == 1
    assert "Someone released our hold on order #1 before its turn. It is not held again." in told
    assert f"https://backline.test/shops/{shop_id}/orders/1" in told


def test_a_second_item_of_the_order_is_no_second_email(
    mailing: Runtime, shop_id: int, subscribe: Subscribe
) -> None:
    """Whatever shipped before its turn is noticed item by item, with minutes in between."""
    out_of_turn(mailing, shop_id)
    subscribe({AlertKind.TURN})
    tell_all(mailing)

    with mailing.sessions.begin() as session:
        for kind in (TurnEvent.SHIPPED, TurnEvent.HOLD_LIFTED):
            record_event(session, shop_id, kind, at=NOW, order_id=1)

    assert tell_all(mailing) == 0


def test_what_happened_before_anybody_asked_for_it_is_not_told(
    mailing: Runtime, shop_id: int, subscribe: Subscribe
) -> None:
    out_of_turn(mailing, shop_id, days_ago=4)
    subscribe({AlertKind.TURN})

    assert tell_all(mailing) == 0


def test_whoever_did_not_switch_it_on_is_told_of_no_turn(
    mailing: Runtime, shop_id: int, subscribe: Subscribe
) -> None:
    out_of_turn(mailing, shop_id)
    subscribe(DAILY_WORRIES)

    assert tell_all(mailing) == 0


def test_a_shop_whose_token_is_refused_is_told_at_once_and_again_when_it_comes_back(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    subscribe({AlertKind.STUCK})
    for status in ("needs_merchant", "active", "needs_merchant"):
        with mailing.sessions.begin() as session:
            shop = session.get_one(Shop, shop_id)
            shop.status, shop.problem = status, "The access token is no longer valid."
        tell_all(mailing)

    refused = [one for one in box.texts() if "The access token is no longer valid." in one]
    assert len(refused) == 2
    assert "No worker is running" in box.texts()[0]
    assert "No worker is running" not in "".join(box.texts()[1:])  # said already


@pytest.mark.parametrize(("hours", "is_told"), [(7, False), (30, True)])
def test_silence_is_told_where_it_is_long_for_this_shop(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox, hours: int, *, is_told: bool
) -> None:
    """It had nights of eight hours."""
    with mailing.sessions.begin() as session:
        for number, before in enumerate((hours, hours + 1, hours + 9, hours + 10)):
            at = NOW - timedelta(hours=before)
            session.add(
                DeliveryRow(
                    shop_id=shop_id, delivery_id=f"d{number}", topic="orders/create",
                    body_hash=str(number), received_at=at, facts=[], state="done",
                )
            )  # fmt: skip
    subscribe({AlertKind.STUCK})

    tell_all(mailing)

    assert any("No webhook for" in one for one in box.texts()) is is_told


def test_a_summary_comes_once_a_day(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    late_delivery(mailing, shop_id)
    waiting_order(mailing, shop_id, regime=Regime.NONE, days_ago=3)
    subscribe((), Digest.DAILY)

    tell_all(mailing)
    tell_all(mailing)

    (told,) = box.texts()
    assert "Backordered: 1 order, 1 unit" in told
    assert "Deliveries in the next 7 days: 0; late: 1" in told


def test_a_mail_that_does_not_leave_is_tried_again(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    late_delivery(mailing, shop_id)
    subscribe()
    box.refuses = True
    before = tell_all(mailing)
    box.refuses = False

    assert (before, tell_all(mailing)) == (0, 1)


def test_of_two_clocks_one_tells(mailing: Runtime, shop_id: int, subscribe: Subscribe) -> None:
    subscribe()
    with mailing.sessions.begin() as session:
        first = alerts.claim(session, shop_id, ANN, ["order 1"], now=NOW)
    with mailing.sessions.begin() as session:
        second = alerts.claim(session, shop_id, ANN, ["order 1", "order 2"], now=NOW)
    with mailing.sessions.begin() as session:
        told = alerts.told_keys(session, shop_id, ANN)

    assert (first, second, told) == (True, False, {"order 1"})


def test_without_a_mail_server_nobody_is_told(
    runtime: Runtime, shop_id: int, subscribe: Subscribe
) -> None:
    late_delivery(runtime, shop_id)
    subscribe()

    assert tell_all(runtime) == 0


def test_the_link_of_a_mail_ends_them_for_that_person_alone(
    mailing: Runtime, shop_id: int, subscribe: Subscribe, box: Mailbox
) -> None:
    late_delivery(mailing, shop_id)
    subscribe()
    subscribe(email="bob@shop.example")
    tell_all(mailing)
    mail = next(one for one in box.mails if one["To"] == ANN)
    link = mail["List-Unsubscribe"].strip("<>")
    path = link.removeprefix("https://backline.test")
    stranger = create_app(mailing).test_client()

    asked = stranger.get(path)
    still = len(people(mailing, shop_id))
    ended = stranger.post(path, data={"List-Unsubscribe": "One-Click"})

    assert link in mail.get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (asked.status_code, still, ended.status_code) == (200, 2, 200)
    assert people(mailing, shop_id) == ["bob@shop.example"]


@pytest.mark.parametrize("token", ["x", "WzEsImFubiJd.forged"])
def test_a_forged_link_ends_nothing(mailing: Runtime, shop_id: int, token: str) -> None:
    stranger = create_app(mailing).test_client()

    assert stranger.post(f"/unsubscribe/{token}").status_code == 404


def people(runtime: Runtime, shop_id: int) -> list[str]:
    """Who gets alerts."""
    with runtime.sessions.begin() as session:
        return [one.email for one in alerts.list_subscriptions(session, shop_id)]


def post(client: FlaskClient, path: str, **fields: object) -> int:
    """Send a form; the status of its answer."""
    token = form_token(client.get("/sign-in"))
    return client.post(path, data={"csrf_token": token, **fields}).status_code


def test_somebody_is_added_changed_and_removed_on_the_page(
    client: FlaskClient, runtime: Runtime, shop_id: int
) -> None:
    path = f"/shops/{shop_id}/alerts"
    empty = text(client.get(path))
    post(client, path, email="Ann@Shop.example", kind=["stuck", "delivery"], digest="none")
    post(client, path, email=ANN, kind=["notice"], digest="weekly")
    shown = text(client.get(path))
    post(client, f"{path}/remove", email=ANN)

    assert "No one gets email yet." in empty
    assert re.search(rf"{ANN} A delay notice is due tomorrow Every Monday", shown)
    assert people(runtime, shop_id) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"email": "ann", "kind": "stuck", "digest": "none"}, "Enter an email address."),
        ({"email": ANN, "digest": "none"}, "Choose at least one alert, or a summary."),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: FlaskClient, runtime: Runtime, shop_id: int, fields: dict[str, str], problem: str
) -> None:
    path = f"/shops/{shop_id}/alerts"
    token = form_token(client.get("/sign-in"))
    answer = client.post(path, data={"csrf_token": token, **fields})

    assert answer.status_code == 422
    assert problem in text(answer)
    assert people(runtime, shop_id) == []
