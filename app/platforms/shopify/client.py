"""One GraphQL request to one shop, within its cost budget."""

from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
import requests
import structlog

from app.errors import NeedsMerchant, TryLater
from app.platforms.http import Http, PlatformRefused, jittered_s
from app.platforms.shopify.budget import Budget, ThrottleStatus

LONGEST_OWN_WAIT_S = 3.0
SHORTEST_WAIT_S = 0.05
"""Less may be lost in rounding, and would be waited for again and again."""

log = structlog.get_logger()


class GraphQLError(msgspec.Struct, frozen=True):
    """One entry of `errors`; `path` starts with the alias it belongs to."""

    message: str = ""
    path: tuple[str | int, ...] = ()
    extensions: dict[str, Any] = {}

    @property
    def code(self) -> str:
        """Shopify's error code, or nothing."""
        return str(self.extensions.get("code", ""))


class _Cost(msgspec.Struct, frozen=True, rename="camel"):
    requested_query_cost: float = 0
    throttle_status: ThrottleStatus | None = None


class _Extensions(msgspec.Struct, frozen=True):
    cost: _Cost = _Cost()


class Answer(msgspec.Struct, frozen=True):
    """What came back: where an alias failed, its `data` is None and an error names it in its path."""

    data: dict[str, Any] | None = None
    errors: tuple[GraphQLError, ...] = ()
    extensions: _Extensions = _Extensions()


class ShopifyClient:
    """Sends documents to one shop. Errors never contain the token. `renew` gives another token for one
    that the shop refuses; without it a refused token is for the merchant to replace."""

    def __init__(
        self,
        domain: str,
        token: str,
        *,
        api_version: str,
        base_url: str,
        budget: Budget,
        http: Http,
        sleep: Callable[[float], None],
        renew: Callable[[str], str] | None = None,
    ) -> None:
        self.domain = domain
        self.api_version = api_version
        self.http = http
        self._url = f"{base_url.format(shop=domain).rstrip('/')}/admin/api/{api_version}/graphql.json"
        self._token = token
        self._renew = renew
        self._budget = budget
        self._sleep = sleep

    def execute(self, document: str, variables: Mapping[str, Any], *, cost: int) -> dict[str, Any]:
        """The data of a document that must succeed as a whole. `cost` is its requested cost in points.

        Raises `TryLater` (no points left, throttled, failing), `NeedsMerchant` (token, scopes, shop
        closed) and `PlatformRefused` (the document is wrong: a defect of ours).
        """
        answer = self.attempt(document, variables, cost=cost)
        if answer.errors or answer.data is None:
            messages = "; ".join(error.message for error in answer.errors)
            raise PlatformRefused(f"{self.domain} refused a query: {messages or 'no data came back'}")
        return answer.data

    def attempt(self, document: str, variables: Mapping[str, Any], *, cost: int) -> Answer:
        """As `execute`, but errors of single aliases are returned, for the caller to report."""
        self._await_points(cost)
        body = {"query": document, "variables": dict(variables)}
        response = self._send(body)
        served = response.headers.get("X-Shopify-API-Version", self.api_version)
        if served != self.api_version:
            warn_of_version(self.api_version, served)
        answer = self._read(response.content)
        for error in answer.errors:
            self._raise_if_known(error, answer.extensions.cost)
        return answer

    def _send(self, body: Mapping[str, Any]) -> requests.Response:
        """Once more with another token where this one is refused: it may have ended or been replaced
        since we began. A second refusal passes by itself, or the next renewal says why not."""
        if self._renew is None:
            return self._post(body)
        response = self._post(body, expected=(HTTPStatus.UNAUTHORIZED,))
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return response
        self._token = self._renew(self._token)
        response = self._post(body, expected=(HTTPStatus.UNAUTHORIZED,))
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            message = f"{self.domain} refuses the access token that it has just given"
            raise TryLater(message, after_s=jittered_s(), is_failure=True)
        return response

    def _post(self, body: Mapping[str, Any], *, expected: tuple[int, ...] = ()) -> requests.Response:
        headers = {"X-Shopify-Access-Token": self._token, "Accept": "application/json"}
        return self.http.call("POST", self._url, headers=headers, json=body, expected=expected)

    def _await_points(self, cost: int) -> None:
        waited_s = 0.0
        while missing_s := self._budget.reserve(cost):
            wait_s = max(missing_s, SHORTEST_WAIT_S)
            if waited_s + wait_s > LONGEST_OWN_WAIT_S:
                raise TryLater(f"{self.domain} has no points left for us", after_s=wait_s)
            self._sleep(wait_s)
            waited_s += wait_s

    def _read(self, body: bytes) -> Answer:
        try:
            answer = msgspec.json.decode(body, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"{self.domain} answered with something that is not GraphQL"
            raise TryLater(message, after_s=jittered_s(), is_failure=True) from error
        if status := answer.extensions.cost.throttle_status:
            self._budget.learn(status)
        return answer

    def _raise_if_known(self, error: GraphQLError, cost: _Cost) -> None:
        if error.code in MERCHANT_CODES:
            raise NeedsMerchant(
                f"{self.domain}: {error.message.rstrip('.')}. {MERCHANT_CODES[error.code]}"
            )
        if error.code in WAITS_S:
            raise TryLater(
                f"{self.domain}: {error.message}",
                after_s=WAITS_S[error.code](cost),
                is_failure=error.code != THROTTLED,
            )


@cache
def warn_of_version(asked: str, served: str) -> None:
    """Say once per process that Shopify no longer (or not yet) serves the version we ask for."""
    log.warning("shopify serves another API version", asked=asked, served=served)


def _refill_s(cost: _Cost) -> float:
    """The documented wait: missing points by the restore rate. At least a second."""
    status = cost.throttle_status
    if status is None or status.restore_rate <= 0:
        return jittered_s()
    return max(1.0, (cost.requested_query_cost - status.currently_available) / status.restore_rate)


def _short(_cost: _Cost) -> float:
    return jittered_s()


MERCHANT_CODES = {
    "ACCESS_DENIED": "Connect the shop again and grant this permission",
    "SHOP_INACTIVE": "The shop is closed: reopen it, then connect it again",
}
THROTTLED = "THROTTLED"
WAITS_S: Mapping[str, Callable[[_Cost], float]] = {
    THROTTLED: _refill_s,
    "INTERNAL_SERVER_ERROR": _short,
    "TIMEOUT": _short,
}
