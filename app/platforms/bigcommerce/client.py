"""One request to one store, within its quota."""

from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from app.errors import TryLater
from app.platforms.bigcommerce.answers import read
from app.platforms.bigcommerce.quota import Quota, reset_after_s
from app.platforms.http import Http, PlatformRefused, jittered_s

LONGEST_OWN_WAIT_S = 3.0
SHORTEST_WAIT_S = 0.05
"""Less may be lost in rounding, and would be waited for again and again."""

_LOADED_S = 30.0
"""A 429 that names no time is not about our quota: the platform itself is loaded."""

Params = Mapping[str, str | int]


class Answer(NamedTuple):
    """A status, and its JSON body; None where there is none (v2 answers an empty list with 204)."""

    status: int
    body: Any


class _Pagination(msgspec.Struct):
    total_pages: int = 1


class _Meta(msgspec.Struct):
    pagination: _Pagination = msgspec.field(default_factory=_Pagination)


class _Page(msgspec.Struct):
    data: list[Any]
    meta: _Meta = msgspec.field(default_factory=_Meta)


class BigCommerceClient:
    """Sends requests to one store. Errors never contain the token."""

    def __init__(
        self,
        store_hash: str,
        token: str,
        *,
        api_url: str,
        quota: Quota,
        http: Http,
        sleep: Callable[[float], None],
    ) -> None:
        self.store_hash = store_hash
        self._url = f"{api_url}/stores/{store_hash}"
        self._headers = {
            "X-Auth-Token": token,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "Backline",
        }
        self._quota = quota
        self._http = http
        self._sleep = sleep

    def get(self, path: str, params: Params | None = None) -> Any:
        """The body of an answer that must be 2xx. Raises as `request`."""
        return self.request("GET", path, params=params).body

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        expected: Collection[int] = (),
    ) -> Answer:
        """Send one request; other statuses than 2xx are returned where they are `expected`.

        Raises `TryLater` (quota used up, 429, 5xx, an answer that is not JSON), `NeedsMerchant` (401,
        403) and `PlatformRefused` (the request is wrong: a defect of ours).
        """
        self._await_quota()
        response = self._http.call(
            method,
            f"{self._url}{path}",
            headers=self._headers,
            params=params,
            json=json,
            expected={*expected, HTTPStatus.TOO_MANY_REQUESTS},
        )
        self._quota.learn(response.headers)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            wait_s = reset_after_s(response.headers)
            after_s = _LOADED_S + jittered_s() if wait_s is None else wait_s + SHORTEST_WAIT_S
            raise TryLater(f"store {self.store_hash} takes no more requests now", after_s=after_s)
        return Answer(response.status_code, self._read(response.content))

    def pages(self, path: str, params: Params, *, limit: int) -> Iterator[list[Any]]:
        """The `data` of every page of a v3 collection."""
        page = 1
        while True:
            told = read(self.get(path, {**params, "page": page, "limit": limit}), _Page)
            yield told.data
            if page >= told.meta.pagination.total_pages:
                return
            page += 1

    def _await_quota(self) -> None:
        waited_s = 0.0
        while missing_s := self._quota.take():
            wait_s = max(missing_s, SHORTEST_WAIT_S)
            if waited_s + wait_s > LONGEST_OWN_WAIT_S:
                raise TryLater(f"store {self.store_hash} has no requests left for us", after_s=wait_s)
            self._sleep(wait_s)
            waited_s += wait_s

    def _read(self, body: bytes) -> Any:
        if not body.strip():
            return None
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"store {self.store_hash} answered with something that is not JSON"
            raise TryLater(message, after_s=jittered_s(), is_failure=True) from error


def words_of(body: Any) -> str:
    """What an error says: v2's list of messages, v3's title and errors, or nothing that we know."""
    if isinstance(body, list):
        return "; ".join(words_of(one) for one in body) or "no reason given"
    if not isinstance(body, dict):
        return "no reason given"
    errors = body.get("errors")
    parts = [str(body[key]) for key in ("message", "title", "detail") if body.get(key)]
    if isinstance(errors, dict):
        parts += [f"{key}: {text}" for key, text in errors.items()]
    elif isinstance(errors, list):
        parts += [words_of(one) for one in errors]
    return ", ".join(parts) or "no reason given"


def check(answer: Answer, *, what: str) -> Any:
    """The body of an answer that should be 2xx but was expected otherwise. Raises `PlatformRefused`."""
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise PlatformRefused(f"{what} was refused with {answer.status}: {words_of(answer.body)}")
    return answer.body
