"""Bulk mutations: an upload, an operation over its lines, a result that answers line by line."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.shop import SandboxShop
from tests.sandbox.clock import Clock

Ask = Callable[..., dict[str, Any]]

STAGE = """mutation($name: String!) { stagedUploadsCreate(input: [{resource: BULK_MUTATION_VARIABLES,
    filename: $name, mimeType: "text/jsonl", httpMethod: POST}]) {
    stagedTargets { url parameters { name value } } userErrors { message } } }"""
RUN = """mutation($mutation: String!, $path: String!) {
    bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path) {
    bulkOperation { id status type } userErrors { code message } } }"""
STATE = """query($id: ID!) { bulkOperation(id: $id) {
    status errorCode url partialDataUrl objectCount } }"""
CANCEL = """mutation($id: ID!) { bulkOperationCancel(id: $id) {
    bulkOperation { status } userErrors { message } } }"""
TAG = """mutation($id: ID!, $tags: [String!]!) {
    tagsAdd(id: $id, tags: $tags) { userErrors { message } } }"""
TWO = TAG.removesuffix("}") + "tagsRemove(id: $id, tags: $tags) { userErrors { message } } }"


def upload(ask: Ask, session: requests.Session, lines: list[dict[str, Any]]) -> str:
    """Stage and post a file; returns the key that names it."""
    target = ask(STAGE, name="lines.jsonl")["data"]["stagedUploadsCreate"]["stagedTargets"][0]
    form = {one["name"]: one["value"] for one in target["parameters"]}
    content = "".join(json.dumps(line) + "\n" for line in lines)
    answer = session.post(target["url"], data=form, files={"file": ("lines.jsonl", content)}, timeout=5)
    assert answer.status_code == 201
    return form["key"]


def run(ask: Ask, path: str, mutation: str = TAG) -> dict[str, Any]:
    """Begin an operation; its payload."""
    payload: dict[str, Any] = ask(RUN, mutation=mutation, path=path)["data"]["bulkOperationRunMutation"]
    return payload


def lines_for(*order_ids: int) -> list[dict[str, Any]]:
    return [{"id": gid("Order", one), "tags": ["late"]} for one in order_ids]


def pass_time(shop: SandboxShop, clock: Clock, seconds: float) -> None:
    clock.advance(seconds)
    shop.tick()


def test_each_line_is_run_and_answered_by_its_number(
    shop: SandboxShop, ask: Ask, clock: Clock, session: requests.Session
) -> None:
    first, second = (shop.place_order([("Wrap", 1)]) for _ in range(2))
    path = upload(ask, session, lines_for(first, 404, second))

    started = run(ask, path)["bulkOperation"]
    pass_time(shop, clock, shop.bulk_delay_s + 1)
    done = ask(STATE, id=started["id"])["data"]["bulkOperation"]
    lines = [json.loads(line) for line in session.get(done["url"], timeout=5).text.splitlines()]

    errors = [line["data"]["tagsAdd"]["userErrors"] for line in lines]
    assert (started["status"], started["type"], done["status"]) == ("CREATED", "MUTATION", "COMPLETED")
    assert [line["__lineNumber"] for line in lines] == [0, 1, 2]
    assert errors == [[], [{"message": "Order does not exist"}], []]
    assert [shop.orders[one].tags for one in (first, second)] == [["late"], ["late"]]


def test_lines_are_run_one_after_the_other_and_cost_no_points(
    shop: SandboxShop, ask: Ask, clock: Clock, session: requests.Session
) -> None:
    orders = [shop.place_order([("Wrap", 1)]) for _ in range(3)]
    shop.bulk_lines_per_s = 1
    run(ask, upload(ask, session, lines_for(*orders)))
    since = len(shop.requests)

    pass_time(shop, clock, shop.bulk_delay_s + 2)

    assert [bool(shop.orders[one].tags) for one in orders] == [True, True, False]
    assert shop.requests[since:] == []


def test_five_run_at_once_and_the_sixth_is_refused(
    shop: SandboxShop, ask: Ask, session: requests.Session
) -> None:
    path = upload(ask, session, lines_for(shop.place_order([("Wrap", 1)])))

    codes = [[error["code"] for error in run(ask, path)["userErrors"]] for _ in range(6)]

    assert codes == [[]] * 5 + [["LIMIT_REACHED"]]


def test_an_end_is_told_by_a_webhook_of_its_type(
    shop: SandboxShop, ask: Ask, clock: Clock, session: requests.Session
) -> None:
    subscribe = """mutation { webhookSubscriptionCreate(topic: BULK_OPERATIONS_FINISH,
        webhookSubscription: {uri: "https://app.example/hooks"}) { userErrors { message } } }"""
    ask(subscribe)
    started = run(ask, upload(ask, session, lines_for(shop.place_order([("Wrap", 1)]))))

    pass_time(shop, clock, shop.bulk_delay_s + 1)
    bodies = [json.loads(one.body) for one in shop.webhooks.waiting()]

    assert [(body["status"], body["type"]) for body in bodies] == [("completed", "mutation")]
    assert bodies[0]["admin_graphql_api_id"] == started["bulkOperation"]["id"]


def test_a_failed_operation_shows_how_far_it_came(
    shop: SandboxShop, ask: Ask, clock: Clock, session: requests.Session
) -> None:
    orders = [shop.place_order([("Wrap", 1)]) for _ in range(3)]
    shop.faults.bulk_fails_after = 1
    started = run(ask, upload(ask, session, lines_for(*orders)))["bulkOperation"]

    pass_time(shop, clock, shop.bulk_delay_s + 1)
    ended = ask(STATE, id=started["id"])["data"]["bulkOperation"]

    assert (ended["status"], ended["errorCode"], ended["url"]) == (
        "FAILED",
        "INTERNAL_SERVER_ERROR",
        None,
    )
    assert len(session.get(ended["partialDataUrl"], timeout=5).text.splitlines()) == 1
    assert [bool(shop.orders[one].tags) for one in orders] == [True, False, False]


def test_a_canceled_operation_keeps_what_it_did(
    shop: SandboxShop, ask: Ask, clock: Clock, session: requests.Session
) -> None:
    orders = [shop.place_order([("Wrap", 1)]) for _ in range(2)]
    shop.bulk_lines_per_s = 1
    started = run(ask, upload(ask, session, lines_for(*orders)))["bulkOperation"]
    pass_time(shop, clock, shop.bulk_delay_s + 1)

    asked = ask(CANCEL, id=started["id"])["data"]["bulkOperationCancel"]["bulkOperation"]["status"]
    pass_time(shop, clock, 60)

    assert asked == "CANCELING"
    assert ask(STATE, id=started["id"])["data"]["bulkOperation"]["status"] == "CANCELED"
    assert [bool(shop.orders[one].tags) for one in orders] == [True, False]


@pytest.mark.parametrize(
    ("mutation", "code"),
    [
        ("{ shop { name } }", "INVALID_MUTATION"),
        ("mutation { unheardOf { id } }", "INVALID_MUTATION"),
        (TWO, "INVALID_MUTATION"),
    ],
    ids=["query", "unknown", "two"],
)
def test_a_mutation_that_can_not_run_in_bulk_is_refused(
    shop: SandboxShop, ask: Ask, session: requests.Session, mutation: str, code: str
) -> None:
    path = upload(ask, session, lines_for(1))

    payload = run(ask, path, mutation)

    assert payload["bulkOperation"] is None
    assert [error["code"] for error in payload["userErrors"]] == [code]


def test_a_file_that_is_missing_or_no_jsonl_is_refused(
    shop: SandboxShop, ask: Ask, session: requests.Session
) -> None:
    path = upload(ask, session, [])

    codes = [run(ask, one)["userErrors"][0]["code"] for one in ("tmp/nowhere", path)]

    assert codes == ["NO_SUCH_FILE", "INVALID_STAGED_UPLOAD_FILE"]


def test_an_upload_needs_the_parameters_of_its_target(ask: Ask, session: requests.Session) -> None:
    target = ask(STAGE, name="lines.jsonl")["data"]["stagedUploadsCreate"]["stagedTargets"][0]
    form = {one["name"]: one["value"] for one in target["parameters"]} | {"policy": "forged"}

    answer = session.post(target["url"], data=form, files={"file": ("lines.jsonl", "{}")}, timeout=5)

    assert answer.status_code == 403
