"""Webhooks in: what is believed, what is kept, and what bad input and bad days get."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from redis import Redis

from app.db import shops
from app.pipeline import doorbell
from app.pipeline.runtime import Runtime, ring_shops_with_work, work_on_shop
from app.platforms.shopify.topics import TOPICS
from app.services import open_engine, open_redis
from app.settings import Settings
from app.web.application import LARGEST_BODY, create_app
from tests.web.posting import (
    ADDRESS,
    DOMAIN,
    SECRET,
    counted,
    deliveries,
    everything_stored,
    headers,
    order_body,
    post,
    signature,
)

OWN = Path(__file__).parent / "payloads"
SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "shopify"
OLD_SECRET = "the secret before"
GOOD = json.dumps(order_body()).encode()


def jobs(redis: Redis) -> int:
    """How many jobs wait."""
    return doorbell.quick_queue(redis).count


# Who is believed


@pytest.mark.usefixtures("shop_id")
def test_a_signed_webhook_is_kept_and_rings_the_doorbell(
    client: FlaskClient, clean_pg: sa.Engine, redis: Redis
) -> None:
    answer = post(client, GOOD)

    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert deliveries(clean_pg) == [("orders/create", "due", None)]
    assert jobs(redis) == 1


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"Hmac_Sha256": ""}, id="no signature"),
        pytest.param({"Hmac_Sha256": signature(GOOD, "another secret")}, id="another secret"),
        pytest.param({"Hmac_Sha256": signature(GOOD + b" ")}, id="another body"),
        pytest.param({"Hmac_Sha256": signature(GOOD).lower()}, id="another case"),
        pytest.param({"Hmac_Sha256": "ünterschrift"}, id="not ASCII"),
        pytest.param({"Hmac_Sha256": "A" * 8000}, id="very long"),
        pytest.param({"Hmac_Sha256": signature(GOOD, OLD_SECRET)}, id="a secret that was never ours"),
        pytest.param({"Shop_Domain": "someone-else.myshopify.com"}, id="unknown shop"),
        pytest.param({"Shop_Domain": "mugs.example.com"}, id="no Shopify shop"),
        pytest.param({"Shop_Domain": f"{DOMAIN}.evil.example"}, id="a domain around ours"),
        pytest.param({"Shop_Domain": "mügs.myshopify.com"}, id="a domain that is not ASCII"),
        pytest.param({"Shop_Domain": ""}, id="no shop"),
    ],
)
@pytest.mark.usefixtures("shop_id")
def test_what_can_not_be_believed_is_refused_and_counted_and_nothing_is_kept(
    sent: dict[str, str], client: FlaskClient, clean_pg: sa.Engine, redis: Redis
) -> None:
    before = counted(client, "backline_webhooks_rejected_total")

    answer = client.post(ADDRESS, data=GOOD, headers=headers(GOOD, **sent))

    assert answer.status_code == 401
    assert deliveries(clean_pg) == []
    assert jobs(redis) == 0
    assert counted(client, "backline_webhooks_rejected_total") == before + 1


@pytest.mark.usefixtures("shop_id")
def test_a_body_that_names_another_shop_than_the_header_is_refused(
    client: FlaskClient, clean_pg: sa.Engine
) -> None:
    """Headers are not signed: without this, one shop's webhook could uninstall another."""
    answer = post(client, {"id": 1, "myshopify_domain": "victim.myshopify.com"}, "app/uninstalled")

    assert answer.status_code == 401
    assert deliveries(clean_pg) == []


def test_while_a_secret_is_rotated_both_are_believed(
    runtime: Runtime, settings: Settings, shop_id: int, clean_pg: sa.Engine
) -> None:
    both = settings.model_copy(update={"shopify_client_secret_previous": OLD_SECRET})
    client = create_app(replace(runtime, settings=both)).test_client()

    answers = [post(client, GOOD, secret=secret).status_code for secret in (SECRET, OLD_SECRET, "third")]

    assert answers == [200, 200, 401]
    assert len(deliveries(clean_pg)) == 2


@pytest.mark.parametrize("prefix", ["Shopify-", "shopify-", "x-shopify-", "X-SHOPIFY-"])
@pytest.mark.usefixtures("shop_id")
def test_both_families_of_headers_are_read(
    prefix: str, client: FlaskClient, clean_pg: sa.Engine
) -> None:
    assert post(client, GOOD, prefix=prefix).status_code == 200
    assert deliveries(clean_pg) == [("orders/create", "due", None)]


@pytest.mark.parametrize("name", ["Topic", "Webhook_Id"])
@pytest.mark.parametrize("value", ["", "x" * 300])
@pytest.mark.usefixtures("shop_id")
def test_a_header_that_every_webhook_has_must_be_there(
    name: str, value: str, client: FlaskClient, clean_pg: sa.Engine
) -> None:
    answer = client.post(ADDRESS, data=GOOD, headers=headers(GOOD, **{name: value}))

    assert answer.status_code == 400
    assert deliveries(clean_pg) == []


def test_there_is_no_other_way_in(client: FlaskClient) -> None:
    assert client.get(ADDRESS).status_code == 405
    assert client.post("/webhooks/magento", data=b"{}").status_code == 404


# How much is taken


@pytest.mark.usefixtures("shop_id")
def test_a_body_over_two_mebibytes_is_refused_and_counted(
    client: FlaskClient, clean_pg: sa.Engine
) -> None:
    body = json.dumps(order_body()).encode().ljust(LARGEST_BODY + 1)
    before = counted(client, "backline_webhooks_rejected_total")

    answer = post(client, body)

    assert answer.status_code == 413
    assert deliveries(clean_pg) == []
    assert counted(client, "backline_webhooks_rejected_total") == before + 1


@pytest.mark.usefixtures("shop_id")
def test_a_body_of_two_mebibytes_is_taken(client: FlaskClient, clean_pg: sa.Engine) -> None:
    assert post(client, GOOD.ljust(LARGEST_BODY)).status_code == 200
    assert deliveries(clean_pg) == [("orders/create", "due", None)]


# What can not be read


def _with(**changed: object) -> bytes:
    return json.dumps(order_body(**changed)).encode()


def _with_line(**changed: object) -> bytes:
    line: dict[str, Any] = {**order_body()["line_items"][0], **changed}
    return _with(line_items=[line])


UNREADABLE = {
    "empty": b"",
    "truncated": GOOD[: len(GOOD) // 2],
    "not JSON": b"<html>Bad gateway</html>",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"orders"',
    "a number": b"1",
    "no field": b"{}",
    "nested lists": b"[" * 100_000,
    "nested objects": b'{"id":' * 100_000,
    "nested where nothing is read": b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "not UTF-8": GOOD.replace(b"Blue", b"Bl\xff\xfe"),
    "a byte order mark of UTF-16": json.dumps(order_body()).encode("utf-16"),
    "an id of letters": _with(id="abc"),
    "an id of null": _with(id=None),
    "an id of more than 63 bits": _with(id=2**63),
    "an id below zero": _with(id=-1),
    "an id with a fraction": _with(id=1.5),
    "an id that is true": _with(id=True),
    "a name of null": _with(name=None),
    "a moment of words": _with(created_at="yesterday"),
    "a moment without zone": _with(created_at="2026-11-25T09:00:00"),
    "a change before time": _with(updated_at="0001-01-01T00:00:00+14:00"),
    "a change after time": _with(updated_at="9999-12-31T23:59:59-12:00"),
    "lines of null": _with(line_items=[None]),
    "lines as an object": _with(line_items={}),
    "a quantity of letters": _with_line(quantity="two"),
    "a quantity of more than 31 bits": _with_line(quantity=2**40),
    "a title of null": _with_line(title=None),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.usefixtures("shop_id")
def test_an_unreadable_order_is_kept_as_failed_with_the_reason(
    body: bytes, client: FlaskClient, clean_pg: sa.Engine, redis: Redis
) -> None:
    """200: the platform would retry in vain, and take our subscription away."""
    answer = post(client, body)

    ((topic, state, problem),) = deliveries(clean_pg)
    assert answer.status_code == 200
    assert (topic, state) == ("orders/create", "failed")
    assert (problem or "").startswith("the body of orders/create can not be read: ")
    assert jobs(redis) == 0


@pytest.mark.usefixtures("shop_id")
def test_an_unreadable_webhook_is_on_the_status_pages(client: FlaskClient, shop_id: int) -> None:
    post(client, b'{"id": ')

    overview = client.get(f"/shops/{shop_id}").get_data(as_text=True)
    failed = client.get(f"/shops/{shop_id}/deliveries").get_data(as_text=True)

    assert "1 could not be used." in overview
    assert "the body of orders/create can not be read" in failed
    assert "/deliveries/1/retry" in failed


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.usefixtures("shop_id")
def test_no_topic_answers_anything_but_200_to_a_bad_body(topic: str, client: FlaskClient) -> None:
    answers = {name: post(client, body, topic).status_code for name, body in UNREADABLE.items()}

    assert {name for name, status in answers.items() if status != 200} == set()


@pytest.mark.usefixtures("shop_id")
def test_numbers_of_eighteen_digits_survive(client: FlaskClient, clean_pg: sa.Engine) -> None:
    post(client, order_body(id=999999999999999999))
    post(client, {"inventory_item_id": 999999999999999998, "available": -3}, "inventory_levels/update")

    kept = everything_stored(clean_pg)

    assert "999999999999999999" in kept
    assert "999999999999999998" in kept


@pytest.mark.usefixtures("shop_id")
def test_unknown_fields_are_no_trouble_and_are_not_kept(
    client: FlaskClient, clean_pg: sa.Engine
) -> None:
    answer = post(client, order_body(new_in_2027={"deep": [{"secret": "xyzzy"}]}))

    assert answer.status_code == 200
    assert deliveries(clean_pg) == [("orders/create", "due", None)]
    assert "xyzzy" not in everything_stored(clean_pg)


@pytest.mark.parametrize("title", ["nul \x00 byte", "bell \x07", "lone \ud800 half", "🎁" * 200, ""])
def test_a_strange_title_gets_through_to_our_copy(
    title: str, client: FlaskClient, runtime: Runtime, shop_id: int, clean_pg: sa.Engine
) -> None:
    """PostgreSQL stores no NUL: one title must not stop a shop's inbox."""
    line = {**order_body()["line_items"][0], "title": title}
    with runtime.sessions.begin() as session:
        shops.pause_shop(session, shop_id, "tests call no platform", now=runtime.clock())

    answer = post(client, json.dumps(order_body(line_items=[line])).encode())
    work_on_shop(runtime, shop_id)

    assert answer.status_code == 200
    assert [state for _, state, _ in deliveries(clean_pg)] in (["done"], ["failed"])


# What is recorded, and how often


@pytest.mark.parametrize("topic", ["carts/update", "orders/paid", "Orders/Create", "made/up"])
@pytest.mark.usefixtures("shop_id")
def test_an_unknown_topic_is_recorded_as_ignored(
    topic: str, client: FlaskClient, clean_pg: sa.Engine, redis: Redis
) -> None:
    assert post(client, GOOD, topic).status_code == 200
    assert deliveries(clean_pg) == [(topic, "ignored", None)]
    assert jobs(redis) == 0


@pytest.mark.parametrize("same", ["Webhook_Id", "Event_Id"])
@pytest.mark.usefixtures("shop_id")
def test_a_webhook_sent_again_is_kept_once(same: str, client: FlaskClient, clean_pg: sa.Engine) -> None:
    """By its id, and, if Shopify gave it a new one, by event and body."""
    answers = [post(client, GOOD, **{same: "the-same"}).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert len(deliveries(clean_pg)) == 1


def test_a_compliance_request_about_an_unknown_shop_is_done_already(
    client: FlaskClient, clean_pg: sa.Engine
) -> None:
    body = {"shop_id": 1, "shop_domain": DOMAIN}

    assert post(client, body, "shop/redact").status_code == 200
    assert post(client, b"{}", "orders/create").status_code == 401
    assert deliveries(clean_pg) == []


# Bad days


@pytest.mark.usefixtures("shop_id")
def test_while_the_database_is_down_the_platform_is_asked_to_send_again(
    runtime: Runtime, client: FlaskClient, clean_pg: sa.Engine, redis: Redis
) -> None:
    dead = replace(runtime, engine=open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    sent = headers(GOOD)

    while_down = create_app(dead).test_client().post(ADDRESS, data=GOOD, headers=sent)
    rung_while_down = jobs(redis)
    afterwards = client.post(ADDRESS, data=GOOD, headers=sent)

    assert (while_down.status_code, rung_while_down) == (503, 0)
    assert afterwards.status_code == 200
    assert deliveries(clean_pg) == [("orders/create", "due", None)]


def test_while_redis_is_down_webhooks_are_taken_and_the_sweep_finds_them(
    runtime: Runtime, shop_id: int, clean_pg: sa.Engine, redis: Redis
) -> None:
    dead = replace(runtime, redis=open_redis("redis://127.0.0.1:1/0"))

    answer = post(create_app(dead).test_client(), GOOD)
    rung_before = jobs(redis)
    swept = ring_shops_with_work(runtime)

    assert answer.status_code == 200
    assert deliveries(clean_pg) == [("orders/create", "due", None)]
    assert (rung_before, swept, jobs(redis)) == (0, 1, 1)
    assert doorbell.quick_queue(redis).jobs[0].args == [shop_id]


# Bodies as Shopify documents them


def _samples() -> list[Path]:
    shared = sorted(SHARED.rglob("*.json")) if SHARED.is_dir() else []
    return [*sorted(OWN.glob("*.json")), *shared]


def _topic(path: Path) -> str:
    """`orders__create.json` is orders/create; the anonymised ones tell only the resource."""
    if "__" in path.stem:
        return path.stem.replace("__", "/")
    resource = path.stem.split("_", 1)[1].rsplit("_", 1)[0]
    return f"{resource}/create" if f"{resource}/create" in TOPICS else f"{resource}/update"


def _personal(body: Any) -> Iterator[str]:
    """The words of a body that are about a person, or that a person wrote."""
    if isinstance(body, list):
        for value in body:
            yield from _personal(value)
    if isinstance(body, dict):
        is_place = "address1" in body or "first_name" in body
        for key, value in body.items():
            if isinstance(value, str) and (key in _PERSONAL or (is_place and key in _OF_PLACES)):
                yield value
            yield from _personal(value)


_PERSONAL = frozenset(
    [
        *("email", "contact_email", "customer_email", "phone", "first_name", "last_name", "shop_owner"),
        *("address1", "address2", "city", "zip", "company", "note", "value", "browser_ip", "user_agent"),
        *("credit_card_name", "credit_card_number", "token", "tracking_number"),
    ]
)
_OF_PLACES = {"name", "province", "country"}


def test_the_shared_samples_are_there() -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared payloads are no part of the product")

    assert len(_samples()) > 100


@pytest.mark.parametrize("path", _samples(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_documented_body_is_taken_and_nothing_of_a_person_is_kept(
    path: Path,
    client: FlaskClient,
    runtime: Runtime,
    install: Callable[[str], int],
    clean_pg: sa.Engine,
) -> None:
    """Neither in the inbox nor, once absorbed, anywhere else. No platform is called: it is paused."""
    body = json.loads(path.read_text().replace("{shop}.myshopify.com", DOMAIN))
    named = body.get("myshopify_domain") or body.get("shop_domain") or DOMAIN
    domain = named if named.endswith(".myshopify.com") else DOMAIN
    shop_id = install(domain)
    with runtime.sessions.begin() as session:
        shops.pause_shop(session, shop_id, "tests call no platform", now=runtime.clock())
    if domain != named:
        body.pop("myshopify_domain", None)

    answer = post(client, body, _topic(path), domain=domain)
    states = [state for _, state, _ in deliveries(clean_pg)]
    in_inbox = everything_stored(clean_pg)
    work_on_shop(runtime, shop_id)

    # The anonymised samples say "example string" for everything, titles included.
    words = {word for word in _personal(body) if len(word) > 3} - {"example string"}
    assert answer.status_code == 200
    assert states in (["due"], ["ignored"]) or "anonymised" in path.parts
    assert [word for word in words if word in in_inbox + everything_stored(clean_pg)] == []


@pytest.mark.usefixtures("shop_id")
def test_the_search_for_personal_words_would_find_one(client: FlaskClient, clean_pg: sa.Engine) -> None:
    """The order's name and the item's title are kept: were they personal, the test above would fail."""
    body = json.loads((OWN / "orders__create.json").read_text())

    post(client, body)

    assert "Blue Mug" in everything_stored(clean_pg)
    assert "ingrid.lindqvist@buyer.example" in set(_personal(body))
    assert "Grattis Farmor Astrid" in set(_personal(body))
