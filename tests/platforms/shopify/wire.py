"""A shop that answers each query by its name, over `responses`, and remembers what it was asked."""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import requests
import responses
from redis import Redis

from app.platforms.http import Http
from app.platforms.shopify.budget import Budget
from app.platforms.shopify.client import ShopifyClient
from tests.platforms.shopify.signing import DOMAIN

URL = f"https://{DOMAIN}/admin/api/2026-10/graphql.json"
TOKEN = "shpat_secret"


class Asked(NamedTuple):
    """One request: the query's name, its text and its variables."""

    name: str
    document: str
    variables: dict[str, Any]


class Wire:
    """`answers` maps a query's name to a function from variables to `data`."""

    def __init__(self, mocked: responses.RequestsMock) -> None:
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.asked: list[Asked] = []
        mocked.add_callback(responses.POST, URL, callback=self._answer)

    def names(self) -> list[str]:
        """The names of all queries asked, in order."""
        return [asked.name for asked in self.asked]

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body or b"")
        found = re.match(r"\s*(?:query|mutation)\s+(\w+)", body["query"])
        name = found[1] if found else "mutation"
        self.asked.append(Asked(name, body["query"], body["variables"]))
        answer = self.answers[name](body["variables"])
        whole = answer if "errors" in answer else {"data": answer}
        return 200, {"X-Shopify-API-Version": "2026-10"}, json.dumps(whole)


def client_of(
    redis: Redis, *, slept: list[float] | None = None, clock: Callable[[], float] = lambda: 0.0
) -> ShopifyClient:
    """A client whose sleeps are only written down."""
    return ShopifyClient(
        DOMAIN,
        TOKEN,
        api_version="2026-10",
        base_url="https://{shop}",
        budget=Budget(redis, DOMAIN, clock=clock),
        http=Http(),
        sleep=([] if slept is None else slept).append,
    )
