"""Activity and its file, failed deliveries, and the overview's words on health."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq import SimpleWorker

from app.db import audit, inbox, shops
from app.db.models import DeliveryRow, PoolRow, Shop, StockItem
from app.pipeline import doorbell
from app.pipeline.runtime import Runtime
from app.services import open_redis
from app.web.application import create_app
from tests.builders import ITEM, LOCATION, delivery
from tests.db.waiting import placed, sells
from tests.web.test_pages_orders import text
from tests.web.visitors import form_token


def happen(runtime: Runtime, shop_id: int, kind: str = "shown", **told: object) -> None:
    """Something, now or so many days ago."""
    at = runtime.clock() - timedelta(days=int(str(told.pop("days_ago", 0))))
    with runtime.sessions.begin() as session:
        audit.record_event(session, shop_id, kind, at=at, **told)  # type: ignore[arg-type]


def rows(client: FlaskClient, shop_id: int, arguments: str = "") -> list[dict[str, str]]:
    """The lines of the exported file."""
    answer = client.get(f"/shops/{shop_id}/activity.csv{arguments}")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    written = answer.get_data(as_text=True)
    assert written.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(written[1:])))


# Activity


def test_days_are_those_of_the_shop(runtime: Runtime, client: FlaskClient, shop_id: int) -> None:
    """9:00 UTC on the 25th is the 24th in Honolulu no more at 10:00."""
    with runtime.sessions.begin() as session:
        shops.get_shop(session, shop_id).time_zone = "Pacific/Honolulu"
    happen(runtime, shop_id, after="in the evening of the 24th")

    def shows(arguments: str) -> bool:
        return "in the evening" in text(client.get(f"/shops/{shop_id}/activity?{arguments}"))

    assert shows("since=2026-11-24&until=2026-11-24")
    assert not shows("since=2026-11-25")
    assert not shows("until=2026-11-23")
    assert shows("since=nonsense&until=99999-99-99&kind=nonsense")


def test_the_file_holds_what_the_list_is_filtered_to(
    runtime: Runtime, client: FlaskClient, shop_id: int
) -> None:
    happen(runtime, shop_id, "drift", after="1 unit", cause="delivery 7 (orders/create)")
    happen(runtime, shop_id, "shown", before="nothing", after="backordered 2026-12-05")

    written = rows(client, shop_id, "?kind=drift")

    assert [(row["what"], row["after"], row["cause"]) for row in written] == [
        (
            "Unexplained committed stock",
            "1 unit",
            "New order in Shopify (webhook orders/create, number 7)",
        )
    ]
    assert len(rows(client, shop_id)) == 2


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_the_file_is_run_as_a_formula(
    runtime: Runtime, client: FlaskClient, shop_id: int, beginning: str
) -> None:
    happen(runtime, shop_id, why=f'{beginning}cmd|"/c calc",\n2')

    assert rows(client, shop_id)[0]["why"] == f'\'{beginning}cmd|"/c calc",\n2'


def test_the_file_is_written_whole(runtime: Runtime, client: FlaskClient, shop_id: int) -> None:
    for number in range(120):
        happen(runtime, shop_id, after=str(number))

    written = [int(row["after"]) for row in rows(client, shop_id)]
    assert written == list(range(119, -1, -1))


# Failed webhooks


def failed(runtime: Runtime, shop_id: int, *, has_facts: bool = False) -> int:
    """A delivery that failed; returns its number."""
    with runtime.sessions.begin() as session:
        told = delivery("d-1", problem="the body can not be read")
        inbox.record_delivery(session, shop_id, told, now=runtime.clock())
        row = session.query(DeliveryRow).one()
        row.state, row.problem = "failed", "the body can not be read"
        if not has_facts:
            row.facts = []
        return row.id


def test_a_failed_delivery_says_why_and_is_worked_on_again(
    runtime: Runtime, client: FlaskClient, shop_id: int
) -> None:
    number = failed(runtime, shop_id, has_facts=True)
    page = client.get(f"/shops/{shop_id}/deliveries")
    assert "the body can not be read" in text(page)

    answer = act(client, shop_id, f"/deliveries/{number}/retry")

    assert "Trying the webhook again." in text(client.get(answer))
    with runtime.sessions.begin() as session:
        assert session.get_one(DeliveryRow, number).state == "due"


def test_one_of_which_nothing_could_be_read_has_the_shop_read_instead(
    runtime: Runtime, client: FlaskClient, shop_id: int
) -> None:
    number = failed(runtime, shop_id)

    answer = act(client, shop_id, f"/deliveries/{number}/retry")

    assert "the shop is being checked for changes now" in client.get(answer).get_data(
        as_text=True
    ).replace("&#39;", "'")
    with runtime.sessions.begin() as session:
        assert session.get_one(DeliveryRow, number).state == "ignored"
        assert shops.get_shop(session, shop_id).hourly_check_at == runtime.clock()


def test_only_a_failed_delivery_of_the_shop_is_retried(
    runtime: Runtime, client: FlaskClient, shop_id: int, install: object
) -> None:
    other = install("towels.myshopify.com")  # type: ignore[operator]
    number = failed(runtime, other)

    assert act_status(client, shop_id, f"/deliveries/{number}/retry") == 404
    assert act_status(client, shop_id, f"/deliveries/{10**30}/retry") == 404


def act(client: FlaskClient, shop_id: int, path: str) -> str:
    """Send the form of an action; where it leads."""
    answer = post_form(client, shop_id, path)
    assert answer.status_code == 303
    return str(answer.location)


def act_status(client: FlaskClient, shop_id: int, path: str) -> int:
    """Send the form of an action; how it is answered."""
    return post_form(client, shop_id, path).status_code


def post_form(client: FlaskClient, shop_id: int, path: str):  # type: ignore[no-untyped-def]
    """With the token that the sign-in page's form shows this browser."""

    token = form_token(client.get("/sign-in"))
    return client.post(f"/shops/{shop_id}{path}", data={"csrf_token": token})


# Health


def health(client: FlaskClient, shop_id: int) -> str:
    """The overview's words."""
    return text(client.get(f"/shops/{shop_id}"))


def test_without_a_worker_the_overview_says_what_to_start(
    client: FlaskClient, shop_id: int, redis: Redis
) -> None:
    assert "Fix Workers: None running, so no orders are tagged or released. Start one" in health(
        client, shop_id
    )
    worker = SimpleWorker([doorbell.quick_queue(redis)], connection=redis)
    worker.register_birth()
    try:
        assert "Fine Workers: 1 running." in health(client, shop_id)
    finally:
        worker.register_death()


def test_without_redis_the_pages_still_answer(runtime: Runtime, shop_id: int) -> None:
    with open_redis("redis://127.0.0.1:1/0") as dead:
        client = create_app(replace(runtime, redis=dead), has_open_pages=True).test_client()

        said = health(client, shop_id)
        assert "Fix Redis: Redis can&#39;t be reached: " in said
        assert "Note Clock: Unknown while Redis is unavailable." in said


def test_without_a_clock_the_overview_says_what_to_start(
    client: FlaskClient, shop_id: int, redis: Redis
) -> None:
    assert "Fix Clock: Not running" in health(client, shop_id)
    doorbell.show_clock(redis)
    assert "Fine Clock: Running." in health(client, shop_id)


def test_a_full_redis_is_named_as_what_holds_the_work_up(
    client: FlaskClient, shop_id: int, redis: Redis
) -> None:
    redis.config_set("maxmemory", 1)
    try:
        assert "Fix Redis: Redis is full: raise its maxmemory" in health(client, shop_id)
    finally:
        redis.config_set("maxmemory", 0)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"subscribed_at": None}, "Check Webhooks registered: Not registered since"),
        (
            {"subscribed_at": None, "import_state": "running"},
            "Note Webhooks registered: Registering now.",
        ),
        ({"import_state": "running"}, "Importing open orders: counting."),
        (
            {"subscriptions": {"orders/create": "no access"}},
            "Shopify refused orders/create: no access.",
        ),
        (
            {"status": "needs_merchant", "problem": "Grant read_orders."},
            "Fix Connection: Grant read_orders.",
        ),
        ({"limits": ["Backorders are off."]}, "Note Limits: Backorders are off."),
        (
            {"import_state": "running", "import_done": 7, "import_total": 90},
            "Importing open orders: 7 of 90.",
        ),
    ],
)
def test_what_is_wrong_with_a_shop_is_said_with_what_to_do(
    runtime: Runtime, client: FlaskClient, shop_id: int, columns: dict[str, object], said: str
) -> None:
    with runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        for name, value in columns.items():
            setattr(shop, name, value)

    assert said in health(client, shop_id)


def test_a_platform_that_asks_for_patience_is_named(
    runtime: Runtime, client: FlaskClient, shop_id: int
) -> None:
    with runtime.sessions.begin() as session:
        shops.wait(session, shop_id, until=runtime.clock() + timedelta(seconds=30))
    assert "Note Platform: API rate limit reached; waiting until" in health(client, shop_id)

    with runtime.sessions.begin() as session:
        shops.wait(session, shop_id, until=runtime.clock())
    assert "Fine Platform: Responding normally." in health(client, shop_id)


@pytest.mark.parametrize(("minutes", "tone"), [(1, "Fine"), (5, "Fix")])
def test_webhooks_that_wait_for_long_ask_for_a_worker(
    runtime: Runtime, client: FlaskClient, shop_id: int, minutes: int, tone: str
) -> None:
    with runtime.sessions.begin() as session:
        came = runtime.clock() - timedelta(minutes=minutes)
        inbox.record_delivery(session, shop_id, delivery("d-1"), now=came)

    assert f"{tone} Webhooks waiting: 1, the oldest for {minutes} minute" in health(client, shop_id)


@pytest.mark.parametrize(("days", "tone"), [(1, "Fine"), (3, "Check")])
def test_a_shop_that_has_not_been_heard_of_for_days_is_looked_at(
    runtime: Runtime, client: FlaskClient, shop_id: int, days: int, tone: str
) -> None:
    with runtime.sessions.begin() as session:
        inbox.record_delivery(
            session, shop_id, delivery("d-1"), now=runtime.clock() - timedelta(days=days)
        )

    assert f"{tone} Last webhook: {days} day" in health(client, shop_id)


def test_stock_that_does_not_add_up_is_named(
    runtime: Runtime, client: FlaskClient, shop_id: int
) -> None:
    with runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        sells(session, shop)
        item = session.get_one(StockItem, (shop_id, ITEM))
        item.problem, item.stock_due_at = "Two orders are missing.", runtime.clock()
        session.add(
            PoolRow(
                shop_id=shop_id,
                item_id=ITEM,
                location_id=LOCATION,
                location_name="Main",
                on_hand=1,
                available=0,
                committed=3,
                supply=1,
                drift=2,
                read_at=runtime.clock(),
            )
        )

    said = health(client, shop_id)
    assert "Check Unexplained stock: 2 of Blue Mug at Main: committed to something Backline" in said
    assert "Check Stock check: Blue Mug: Two orders are missing. Checked again" in said


def test_the_figures_lead_to_their_orders(runtime: Runtime, client: FlaskClient, shop_id: int) -> None:
    with runtime.sessions.begin() as session:
        shop = session.get_one(Shop, shop_id)
        sells(session, shop)
        placed(session, shop, 1, short=2, since=runtime.clock() - timedelta(days=3))

    said = health(client, shop_id)
    assert "Units backordered 2 in 1 order" in said
    assert "Longest wait 3 days #1 , since Nov 22" in said
    assert "No date known 1 order needs" in said
    assert f'href="/shops/{shop_id}/orders?list=undated"' in client.get(f"/shops/{shop_id}").get_data(
        as_text=True
    )
