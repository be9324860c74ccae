"""Another system tells a shop's arrivals by JSON."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIResponse
from openapi_core.testing import MockRequest
from werkzeug.test import TestResponse

from app.db import api_calls
from app.db.api_tokens import renew_token
from app.db.models import ArrivalRow, Shop, StockItem
from app.db.statements import delete_some
from app.pipeline.runtime import Runtime
from app.web.api import CALLS_A_MINUTE, OPENAPI
from tests.builders import ITEM, item_stock, pool
from tests.db.stock import known_item, record_stock

DOCUMENT = OpenAPI.from_dict(
    json.loads(OPENAPI.read_text()),
    config=Config(extra_media_type_deserializers={"application/problem+json": json.loads}),
)
ARRIVAL = {"reference": "PO-1", "sku": "MUG-BLUE", "quantity": 40, "expected_on": "2026-12-05"}


class Caller:
    """A system with the token of one shop."""

    def __init__(self, runtime: Runtime, client: FlaskClient, shop_id: int) -> None:
        self.client, self.runtime, self.shop_id = client, runtime, shop_id
        with runtime.sessions.begin() as session:
            shop = session.get_one(Shop, shop_id)
            known_item(session, shop, has_queue=True)
            record_stock(session, shop_id, item_stock(pool(0)), {})
        self.token = self.renew()

    def renew(self) -> str:
        """A new token."""
        with self.runtime.sessions.begin() as session:
            return renew_token(session.get_one(Shop, self.shop_id))

    def send(
        self, *arrivals: Any, token: str | None = None, key: str | None = None, **options: Any
    ) -> TestResponse:
        """Tell arrivals; the answer is held to the OpenAPI document."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        headers |= {} if key is None else {"Idempotency-Key": key}
        if "data" not in options:
            options.setdefault("json", {"arrivals": list(arrivals)})
        return self._held(self.client.post("/api/v1/arrivals", headers=headers, **options), "post")

    def get(self, path: str, *, token: str | None = None, **query: Any) -> TestResponse:
        """Read; likewise."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self._held(self.client.get(f"/api/v1{path}", headers=headers, query_string=query), "get")

    def _held(self, answer: TestResponse, method: str) -> TestResponse:
        request = MockRequest("http://localhost", method, answer.request.path)
        DOCUMENT.validate_response(request, WerkzeugOpenAPIResponse(answer))
        return answer

    def rows(self) -> list[tuple[Any, ...]]:
        """What is known: reference, quantity, day, state, where."""
        with self.runtime.sessions.begin() as session:
            where = ArrivalRow.shop_id == self.shop_id
            found = session.scalars(sa.select(ArrivalRow).where(where).order_by(ArrivalRow.id))
            return [
                (row.reference, row.quantity, row.expected_on.isoformat(), row.state, row.item_id)
                for row in found
            ]


@pytest.fixture
def caller(runtime: Runtime, client: FlaskClient, shop_id: int) -> Caller:
    """A system of the shop in which somebody waits for mugs."""
    return Caller(runtime, client, shop_id)


def counts(answer: TestResponse) -> tuple[int, int, int, int]:
    """New, changed, unchanged, cancelled."""
    body: Mapping[str, Any] = answer.get_json()
    return body["new"], body["changed"], body["unchanged"], body["cancelled"]


def test_an_arrival_told_twice_is_one(caller: Caller) -> None:
    first, again = caller.send(ARRIVAL), caller.send(ARRIVAL)

    assert (first.status_code, counts(first)) == (200, (1, 0, 0, 0))
    assert counts(again) == (0, 0, 1, 0)
    assert caller.rows() == [("PO-1", 40, "2026-12-05", "expected", ITEM)]


def test_whoever_waits_is_looked_at_again(caller: Caller) -> None:
    caller.send(ARRIVAL)

    with caller.runtime.sessions.begin() as session:
        item = session.get_one(StockItem, (caller.shop_id, ITEM))
        assert (item.stock_due_at, item.cause) == (caller.runtime.clock(), "the JSON address")
    assert caller.runtime.redis.exists(f"backline:rung:{caller.shop_id}")


def test_a_reference_is_told_whole(caller: Caller) -> None:
    caller.send(ARRIVAL, {**ARRIVAL, "sku": "TOWEL"}, {**ARRIVAL, "reference": "PO-2"})

    answer = caller.send({**ARRIVAL, "quantity": 30})

    assert counts(answer) == (0, 1, 0, 1)
    assert caller.rows() == [
        ("PO-1", 30, "2026-12-05", "expected", ITEM),
        ("PO-1", 40, "2026-12-05", "cancelled", None),
        ("PO-2", 40, "2026-12-05", "expected", ITEM),
    ]


def test_good_ones_are_taken_and_each_bad_one_is_named(caller: Caller) -> None:
    answer = caller.send(
        ARRIVAL,
        {**ARRIVAL, "reference": "PO-2", "quantity": -1},
        {"reference": "PO-3"},
        "PO-4",
        {**ARRIVAL, "reference": "PO-5", "location": "Mars"},
        {**ARRIVAL, "reference": "PO-6", "colour": "blue"},
        {**ARRIVAL, "reference": " "},
        {**ARRIVAL, "reference": "po-1"},
    )

    assert (answer.status_code, counts(answer)) == (200, (1, 0, 0, 0))
    assert [(one["index"], one["reference"], one["reason"]) for one in answer.get_json()["errors"]] == [
        (1, "PO-2", "Expected `int` >= 0 - at `$.quantity`"),
        (2, "PO-3", "Object missing required field `sku`"),
        (3, "", "Expected `object`, got `str`"),
        (4, "PO-5", "there is no location Mars; the shop's are: Location 41"),
        (5, "PO-6", "Object contains unknown field `colour`"),
        (6, "", "Reference and SKU must not be blank"),
        (7, "po-1", "line 0 has the same reference, SKU and location; give each delivery a reference of "
         "its own"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "status", "title"),
    [
        ({"data": "[]", "content_type": "text/plain"}, 415, "Not JSON"),
        ({"data": "{", "content_type": "application/json"}, 422, "Unreadable"),
        ({"json": {"arrivals": 5}}, 422, "Unreadable"),
        ({"json": {"arrivals": ["x"]}}, 422, "No arrival could be used"),
        ({"json": {"arrivals": [{}] * 1001}}, 413, "Too many"),
        ({"data": "x" * (2 * 1024 * 1024 + 1), "content_type": "application/json"}, 413, "Too large"),
    ],
)
def test_a_request_that_can_t_be_used_is_refused_in_words(
    caller: Caller, options: dict[str, Any], status: int, title: str
) -> None:
    answer = caller.send(**options)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (answer.get_json()["status"], answer.get_json()["title"]) == (status, title)
    assert caller.rows() == []


def test_a_token_opens_its_own_shop_until_it_is_renewed(
    caller: Caller, runtime: Runtime, client: FlaskClient, install: Callable[[str], int]
) -> None:
    other = Caller(runtime, client, install("other.myshopify.com"))

    assert caller.send(ARRIVAL, token=other.token).status_code == 200
    assert (len(caller.rows()), len(other.rows())) == (0, 1)
    assert caller.send(ARRIVAL, token="wrong").status_code == 401
    renewed = other.renew()
    refused = caller.send(ARRIVAL, token=other.token)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert caller.send(ARRIVAL, token=renewed).status_code == 200


def test_of_a_token_the_digest_alone_is_kept(caller: Caller) -> None:
    with caller.runtime.sessions.begin() as session:
        kept = session.get_one(Shop, caller.shop_id).api_token_digest

    assert kept is not None
    assert len(kept) == 64
    assert caller.token not in kept


def test_a_loop_gone_wild_is_slowed_down(caller: Caller) -> None:
    answers = [caller.send(ARRIVAL).status_code for _ in range(CALLS_A_MINUTE)]

    refused = caller.send(ARRIVAL)

    assert set(answers) == {200}
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")


def test_the_document_is_where_programs_look_for_it(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")

    assert (answer.status_code, answer.get_json()["openapi"]) == (200, "3.1.0")


def test_a_request_sent_again_with_its_key_gets_the_same_answer_and_is_not_done_again(
    caller: Caller,
) -> None:
    first = caller.send(ARRIVAL, key="request-1")
    caller.send({**ARRIVAL, "quantity": 7})

    again = caller.send(ARRIVAL, key="request-1")

    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert [row[1] for row in caller.rows()] == [7]


def test_a_key_with_another_body_is_refused(caller: Caller) -> None:
    caller.send(ARRIVAL, key="request-1")

    answer = caller.send({**ARRIVAL, "quantity": 7}, key="request-1")

    assert (answer.status_code, answer.get_json()["title"]) == (422, "Key used before")
    assert [row[1] for row in caller.rows()] == [40]


def test_a_request_that_was_refused_leaves_its_key_free(caller: Caller) -> None:
    assert caller.send({**ARRIVAL, "quantity": -1}, key="request-1").status_code == 422

    assert caller.send(ARRIVAL, key="request-1").status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_what_is_no_key_is_refused(caller: Caller, key: str) -> None:
    assert caller.send(ARRIVAL, key=key).status_code == 400


def test_keys_are_forgotten_after_a_day(caller: Caller) -> None:
    caller.send(ARRIVAL, key="request-1")
    later = caller.runtime.clock() + timedelta(seconds=1)

    with caller.runtime.sessions.begin() as session:
        assert delete_some(session, api_calls.old_calls(caller.shop_id, before=later)) == 1


def test_an_arrival_that_can_t_be_used_is_a_problem_of_its_own(caller: Caller) -> None:
    (problem,) = caller.send(ARRIVAL, {**ARRIVAL, "sku": " "}).get_json()["errors"]

    assert (problem["pointer"], problem["detail"]) == (
        "/arrivals/1", "Reference and SKU must not be blank",
    )  # fmt: skip


def test_arrivals_are_listed_page_by_page(caller: Caller) -> None:
    caller.send(*({**ARRIVAL, "reference": f"PO-{n}"} for n in range(5)))

    first = caller.get("/arrivals", limit=3).get_json()
    second = caller.get("/arrivals", limit=3, cursor=first["next"]).get_json()

    told = [one["reference"] for page in (first, second) for one in page["arrivals"]]
    assert told == [f"PO-{n}" for n in range(5)]
    assert second["next"] is None


def test_arrivals_are_found_by_what_is_known_of_them(caller: Caller) -> None:
    caller.send(
        ARRIVAL, {**ARRIVAL, "reference": "PO-2", "expected_on": None},
        {**ARRIVAL, "reference": "PO-3", "sku": "Towel", "received": 40},
    )  # fmt: skip

    def found(**query: str) -> list[str]:
        page = caller.get("/arrivals", **query).get_json()
        return [one["reference"] for one in page["arrivals"]]

    assert found() == ["PO-1", "PO-2"]
    assert (found(state="undated"), found(state="all", sku="towel")) == (["PO-2"], ["PO-3"])
    assert (found(reference="#po-1"), found(sku="mug-blue")) == (["PO-1"], ["PO-1", "PO-2"])


def test_one_arrival_is_read_by_its_number(caller: Caller) -> None:
    caller.send({**ARRIVAL, "received": 4})
    (listed,) = caller.get("/arrivals").get_json()["arrivals"]

    one = caller.get(f"/arrivals/{listed['id']}").get_json()

    assert one == listed
    assert (one["quantity"], one["received"], one["expected_on"]) == (40, 4, "2026-12-05")
    assert one["location"] == {"id": 41, "name": "Location 41"}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/arrivals/0", {}, 404),
        ("/arrivals/x", {}, 404),
        ("/arrivals", {"limit": "201"}, 400),
        ("/arrivals", {"cursor": "x"}, 400),
        ("/arrivals", {"state": "lost"}, 400),
    ],
)
def test_what_can_t_be_read_is_refused_in_words(
    caller: Caller, path: str, query: dict[str, str], status: int
) -> None:
    answer = caller.get(path, **query)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_nobody_reads_the_arrivals_of_another_shop(
    caller: Caller, runtime: Runtime, client: FlaskClient, install: Callable[[str], int]
) -> None:
    caller.send(ARRIVAL)
    (listed,) = caller.get("/arrivals").get_json()["arrivals"]
    other = Caller(runtime, client, install("other.myshopify.com"))

    assert other.get("/arrivals").get_json()["arrivals"] == []
    assert other.get(f"/arrivals/{listed['id']}").status_code == 404
    assert other.get("/arrivals", token="void").status_code == 401
