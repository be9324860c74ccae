"""One GraphQL request: points, refusals, versions."""

import json
from typing import Any

import pytest
import responses
from redis import Redis
from structlog.testing import capture_logs

from app.errors import NeedsMerchant, TryLater
from app.platforms.http import PlatformRefused
from app.platforms.shopify.budget import Budget, ThrottleStatus
from app.platforms.shopify.client import ShopifyClient
from tests.platforms.shopify.signing import DOMAIN
from tests.platforms.shopify.wire import TOKEN, URL, client_of

QUERY = "query Shop { shop { name } }"


def throttle(available: float) -> dict[str, float]:
    return {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}


def cost(requested: int, available: float) -> dict[str, Any]:
    return {"cost": {"requestedQueryCost": requested, "throttleStatus": throttle(available)}}


def refusal(code: str, message: str = "No.") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}], "extensions": cost(500, 100)}


def answer(mocked: responses.RequestsMock, body: Any, **headers: str) -> None:
    mocked.post(URL, json=body, headers=headers)


def test_the_data_comes_back(mocked: responses.RequestsMock, client: ShopifyClient) -> None:
    answer(mocked, {"data": {"shop": {"name": "Towels"}}, "extensions": cost(1, 1999)})

    assert client.execute(QUERY, {"a": 1}, cost=1) == {"shop": {"name": "Towels"}}

    request = mocked.calls[0].request
    assert request.headers["X-Shopify-Access-Token"] == TOKEN
    assert json.loads(request.body or "") == {"query": QUERY, "variables": {"a": 1}}


def test_a_stand_in_is_called_at_its_own_address(mocked: responses.RequestsMock, redis: Redis) -> None:
    mocked.post(f"http://127.0.0.1:9100/{DOMAIN}/admin/api/2026-10/graphql.json", json={"data": {}})
    client = client_of(redis)
    stand_in = ShopifyClient(
        DOMAIN,
        TOKEN,
        api_version="2026-10",
        base_url="http://127.0.0.1:9100/{shop}",
        budget=Budget(redis, DOMAIN, clock=lambda: 0.0),
        http=client.http,
        sleep=print,
    )

    assert stand_in.execute(QUERY, {}, cost=1) == {}


def test_a_short_wait_for_points_is_slept(mocked: responses.RequestsMock, redis: Redis) -> None:
    now = [0.0]

    class Slept(list[float]):
        def append(self, wait_s: float) -> None:
            super().append(wait_s)
            now[0] += wait_s

    slept, clock = Slept(), lambda: now[0]
    Budget(redis, DOMAIN, clock=clock).learn(ThrottleStatus(2000, 0, 100))
    answer(mocked, {"data": {}})

    client_of(redis, slept=slept, clock=clock).execute(QUERY, {}, cost=250)

    assert slept == [2.5]


def test_a_long_wait_for_points_holds_no_worker(redis: Redis) -> None:
    slept: list[float] = []
    client = client_of(redis, slept=slept)
    Budget(redis, DOMAIN, clock=lambda: 0.0).learn(ThrottleStatus(2000, 0, 100))

    with pytest.raises(TryLater) as later:
        client.execute(QUERY, {}, cost=900)

    assert later.value.after_s == 9
    assert slept == []


def test_waits_for_points_that_add_up_hold_no_worker(redis: Redis) -> None:
    """Another worker may take the points while we sleep."""
    slept: list[float] = []
    Budget(redis, DOMAIN, clock=lambda: 0.0).learn(ThrottleStatus(2000, 0, 100))

    with pytest.raises(TryLater):
        client_of(redis, slept=slept).execute(QUERY, {}, cost=200)

    assert sum(slept) <= 3


def test_a_wait_too_short_for_the_clock_ends(redis: Redis) -> None:
    """Points that are missing by a rounding error never come if time is counted more coarsely."""
    slept: list[float] = []
    Budget(redis, DOMAIN, clock=lambda: 0.0).learn(ThrottleStatus(2000, 199.9999999, 100))

    with pytest.raises(TryLater):
        client_of(redis, slept=slept).execute(QUERY, {}, cost=200)

    assert 0 < len(slept) <= 60


def test_a_throttled_request_waits_for_the_missing_points(
    mocked: responses.RequestsMock, client: ShopifyClient, redis: Redis
) -> None:
    answer(mocked, refusal("THROTTLED"))

    with pytest.raises(TryLater) as later:
        client.execute(QUERY, {}, cost=1)

    assert later.value.after_s == 4
    assert Budget(redis, DOMAIN, clock=lambda: 0.0).reserve(200) == 1


def test_a_missing_scope_is_the_merchants_and_is_named(
    mocked: responses.RequestsMock, client: ShopifyClient
) -> None:
    answer(
        mocked,
        refusal("ACCESS_DENIED", "Access denied. Required access: `read_inventory` access scope."),
    )

    with pytest.raises(NeedsMerchant, match="read_inventory"):
        client.execute(QUERY, {}, cost=1)


def test_a_failure_of_shopifys_is_tried_later(
    mocked: responses.RequestsMock, client: ShopifyClient
) -> None:
    answer(mocked, refusal("INTERNAL_SERVER_ERROR"))

    with pytest.raises(TryLater):
        client.execute(QUERY, {}, cost=1)


@pytest.mark.parametrize("code", ["MAX_COST_EXCEEDED", "undefinedField"])
def test_a_wrong_document_is_a_defect_of_ours(
    mocked: responses.RequestsMock, client: ShopifyClient, code: str
) -> None:
    answer(mocked, refusal(code, "Too dear"))

    with pytest.raises(PlatformRefused, match="Too dear"):
        client.execute(QUERY, {}, cost=1)


@pytest.mark.parametrize("body", ["<html>maintenance</html>", "", '{"data": {"a"', "[" * 100_000, "[]"])
def test_an_answer_that_is_not_graphql_is_tried_later(
    mocked: responses.RequestsMock, client: ShopifyClient, body: str
) -> None:
    mocked.post(URL, body=body)

    with pytest.raises(TryLater):
        client.execute(QUERY, {}, cost=1)


def test_another_version_is_said_once(mocked: responses.RequestsMock, client: ShopifyClient) -> None:
    answer(mocked, {"data": {}}, **{"X-Shopify-API-Version": "2027-01"})

    with capture_logs() as logs:
        client.execute(QUERY, {}, cost=1)
        client.execute(QUERY, {}, cost=1)

    assert [(log["asked"], log["served"]) for log in logs] == [("2026-10", "2027-01")]


def test_the_token_is_in_no_error(mocked: responses.RequestsMock, client: ShopifyClient) -> None:
    answer(mocked, refusal("ACCESS_DENIED"))

    with pytest.raises(NeedsMerchant) as refused:
        client.execute(QUERY, {}, cost=1)

    assert TOKEN not in f"{refused.value!r}"
