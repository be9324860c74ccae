"""One request to one store: quota, refusals, answers that are none."""

import json
from collections.abc import Callable, Iterator

import pytest
import requests
import responses
from redis import Redis

from app.errors import NeedsMerchant, TryLater
from app.platforms.bigcommerce.client import Answer, BigCommerceClient, words_of
from app.platforms.bigcommerce.quota import Quota
from app.platforms.http import Http, PlatformRefused
from app.services import open_redis

STORE = "towels1"
TOKEN = "bc_secret_token"
BASE = f"https://api.bigcommerce.com/stores/{STORE}"
URL = f"{BASE}/v2/store"


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as requests_mock:
        yield requests_mock


@pytest.fixture
def client(redis: Redis) -> BigCommerceClient:
    return client_of(redis)


def client_of(
    redis: Redis,
    *,
    slept: list[float] | None = None,
    clock: Callable[[], float] = lambda: 1000.0,
    store: str = STORE,
) -> BigCommerceClient:
    """A client whose sleeps are only written down."""
    return BigCommerceClient(
        store,
        TOKEN,
        api_url="https://api.bigcommerce.com",
        quota=Quota(redis, store, clock=clock),
        http=Http(),
        sleep=([] if slept is None else slept).append,
    )


def quota(left: int, reset_ms: int) -> dict[str, str]:
    return {
        "X-Rate-Limit-Time-Window-Ms": "30000",
        "X-Rate-Limit-Time-Reset-Ms": str(reset_ms),
        "X-Rate-Limit-Requests-Quota": "150",
        "X-Rate-Limit-Requests-Left": str(left),
    }


class Clock:
    """Sleeping moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def append(self, seconds: float) -> None:
        """Sleep."""
        self.slept.append(round(seconds, 3))
        self.now += seconds


def test_a_request_carries_the_token_and_says_who_asks(
    mocked: responses.RequestsMock, client: BigCommerceClient
) -> None:
    mocked.put(f"{BASE}/v2/orders/1", json={"id": 1})

    answer = client.request("PUT", "/v2/orders/1", json={"staff_notes": "x"}, params={"a": 1})

    assert answer == Answer(200, {"id": 1})
    request = mocked.calls[0].request
    assert request.headers["X-Auth-Token"] == TOKEN
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"] == "Backline"
    assert request.url == f"{BASE}/v2/orders/1?a=1"
    assert json.loads(request.body or "") == {"staff_notes": "x"}


class TestQuota:
    def test_two_clients_of_a_store_share_what_is_left(
        self, mocked: responses.RequestsMock, redis: Redis
    ) -> None:
        mocked.get(URL, json={}, headers=quota(1, 20_000))
        first, second = client_of(redis), client_of(redis)
        first.get("/v2/store")
        mocked.get(URL, json={})
        second.get("/v2/store")

        with pytest.raises(TryLater) as later:
            first.get("/v2/store")

        assert later.value.after_s == 20
        assert len(mocked.calls) == 2

    def test_another_store_has_its_own(self, mocked: responses.RequestsMock, redis: Redis) -> None:
        mocked.get(URL, json={}, headers=quota(0, 20_000))
        mocked.get("https://api.bigcommerce.com/stores/towels2/v2/store", json={"id": "towels2"})
        client_of(redis).get("/v2/store")

        assert client_of(redis, store="towels2").get("/v2/store") == {"id": "towels2"}

    def test_a_short_wait_for_the_next_window_is_slept(
        self, mocked: responses.RequestsMock, redis: Redis
    ) -> None:
        clock = Clock()
        client = client_of(redis, slept=clock, clock=clock)  # type: ignore[arg-type]
        mocked.get(URL, json={}, headers=quota(0, 2500))
        client.get("/v2/store")

        client.get("/v2/store")

        assert clock.slept == [2.5]

    def test_a_long_wait_holds_no_worker(self, mocked: responses.RequestsMock, redis: Redis) -> None:
        slept: list[float] = []
        client = client_of(redis, slept=slept)
        mocked.get(URL, json={}, headers=quota(0, 12_000))
        client.get("/v2/store")

        with pytest.raises(TryLater) as later:
            client.get("/v2/store")

        assert (later.value.after_s, slept) == (12, [])

    def test_waits_that_add_up_hold_no_worker(
        self, mocked: responses.RequestsMock, redis: Redis
    ) -> None:
        """Time stands still here: as if other workers took every request of each next window."""
        slept: list[float] = []
        client = client_of(redis, slept=slept)
        mocked.get(URL, json={}, headers=quota(0, 1100))
        client.get("/v2/store")

        with pytest.raises(TryLater):
            client.get("/v2/store")

        assert sum(slept) <= 3
        assert len(slept) == 2

    def test_a_wait_too_short_for_the_clock_ends(
        self, mocked: responses.RequestsMock, redis: Redis
    ) -> None:
        slept: list[float] = []
        client = client_of(redis, slept=slept)
        mocked.get(URL, json={}, headers=quota(0, 1))
        client.get("/v2/store")

        with pytest.raises(TryLater):
            client.get("/v2/store")

        assert 0 < len(slept) <= 60

    def test_the_next_window_is_open(self, mocked: responses.RequestsMock, redis: Redis) -> None:
        clock = Clock()
        client = client_of(redis, clock=clock)
        mocked.get(URL, json={}, headers=quota(0, 20_000))
        client.get("/v2/store")
        clock.now += 20

        assert client.get("/v2/store") == {}

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X-Rate-Limit-Requests-Left": "0"},
            {"X-Rate-Limit-Time-Reset-Ms": "20000"},
            {"X-Rate-Limit-Requests-Left": "none", "X-Rate-Limit-Time-Reset-Ms": "20000"},
            {"X-Rate-Limit-Requests-Left": "0", "X-Rate-Limit-Time-Reset-Ms": "soon"},
            {"X-Rate-Limit-Requests-Left": "-1", "X-Rate-Limit-Time-Reset-Ms": "20000"},
            {"X-Rate-Limit-Requests-Left": "inf", "X-Rate-Limit-Time-Reset-Ms": "20000"},
        ],
    )
    def test_headers_that_say_nothing_teach_nothing(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, headers: dict[str, str]
    ) -> None:
        mocked.get(URL, json={}, headers=headers)

        for _ in range(3):
            assert client.get("/v2/store") == {}

    def test_without_redis_everything_is_asked(self, mocked: responses.RequestsMock) -> None:
        nowhere = open_redis("redis://127.0.0.1:1")
        mocked.get(URL, json={"id": 1}, headers=quota(0, 20_000))
        client = client_of(nowhere)

        assert [client.get("/v2/store") for _ in range(2)] == [{"id": 1}] * 2


class TestTooManyRequests:
    @pytest.mark.parametrize(
        ("headers", "after_s"),
        [
            ({"X-Rate-Limit-Time-Reset-Ms": "7000"}, 7),
            ({"X-Retry-After": "9"}, 9),
            ({"X-Rate-Limit-Time-Reset-Ms": "7000", "X-Retry-After": "9"}, 9),
            ({"X-Rate-Limit-Time-Reset-Ms": "11000", "X-Retry-After": "9"}, 11),
            ({"x-rate-limit-time-reset-ms": "11000", "X-Retry-After": "soon"}, 11),
            ({"X-Rate-Limit-Time-Reset-Ms": "1e12", "X-Retry-After": "9"}, 3600),
        ],
    )
    def test_the_longer_of_both_headers_is_waited(
        self,
        mocked: responses.RequestsMock,
        client: BigCommerceClient,
        headers: dict[str, str],
        after_s: float,
    ) -> None:
        mocked.get(URL, status=429, json=[{"status": 429, "message": "No"}], headers=headers)

        with pytest.raises(TryLater) as later:
            client.get("/v2/store")

        assert later.value.after_s == pytest.approx(after_s, abs=0.1)
        assert later.value.after_s > after_s

    def test_without_headers_the_platform_itself_is_loaded(
        self, mocked: responses.RequestsMock, client: BigCommerceClient
    ) -> None:
        mocked.get(URL, status=429)

        with pytest.raises(TryLater) as later:
            client.get("/v2/store")

        assert 30 < later.value.after_s <= 40

    def test_a_refusal_holds_the_other_workers_back_too(
        self, mocked: responses.RequestsMock, redis: Redis
    ) -> None:
        mocked.get(URL, status=429, headers=quota(0, 8000))
        with pytest.raises(TryLater):
            client_of(redis).get("/v2/store")

        with pytest.raises(TryLater) as later:
            client_of(redis).get("/v2/store")

        assert later.value.after_s == 8
        assert len(mocked.calls) == 1


class TestAnswers:
    @pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b""), (200, b"\n "), (200, b"null")])
    def test_an_empty_answer_is_nothing(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, status: int, body: bytes
    ) -> None:
        mocked.get(URL, status=status, body=body)

        assert client.request("GET", "/v2/store") == Answer(status, None)

    @pytest.mark.parametrize(
        "body", [b"<html>maintenance</html>", b'[{"id": 1', b"\xff\xfe", b"[" * 200_000]
    )
    def test_an_answer_that_is_not_json_is_tried_later(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, body: bytes
    ) -> None:
        mocked.get(URL, body=body)

        with pytest.raises(TryLater):
            client.get("/v2/store")

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_failure_of_theirs_is_tried_later(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, status: int
    ) -> None:
        mocked.get(URL, status=status, body="<html>Something went wrong</html>")

        with pytest.raises(TryLater):
            client.get("/v2/store")

    def test_a_broken_connection_is_tried_later(
        self, mocked: responses.RequestsMock, client: BigCommerceClient
    ) -> None:
        mocked.get(URL, body=requests.ConnectionError("reset"))

        with pytest.raises(TryLater):
            client.get("/v2/store")

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_token_is_the_merchants(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, status: int
    ) -> None:
        mocked.get(URL, status=status, json=[{"status": status, "message": "No"}])

        with pytest.raises(NeedsMerchant, match="connect the shop again"):
            client.get("/v2/store")

    @pytest.mark.parametrize("status", [403, 404, 409, 422])
    def test_a_refusal_that_is_expected_comes_back(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, status: int
    ) -> None:
        mocked.get(URL, status=status, json={"title": "No"})

        assert client.request("GET", "/v2/store", expected=[status]) == Answer(status, {"title": "No"})

    def test_any_other_refusal_is_a_defect_of_ours(
        self, mocked: responses.RequestsMock, client: BigCommerceClient
    ) -> None:
        mocked.get(URL, status=422, json={"title": "The field 'limit' is invalid."})

        with pytest.raises(PlatformRefused, match="limit"):
            client.get("/v2/store")

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503, 200])
    def test_the_token_is_in_no_error(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, status: int
    ) -> None:
        mocked.get(URL, status=status, body=f"the token {TOKEN} is not good")

        with pytest.raises((TryLater, NeedsMerchant, PlatformRefused)) as refused:
            client.get("/v2/store")

        assert TOKEN not in f"{refused.value!r} {refused.value.__cause__!r}"
        assert TOKEN not in repr(client)


class TestPages:
    @pytest.mark.parametrize("meta", [{}, {"meta": {}}, {"meta": {"pagination": {}}}])
    def test_a_collection_that_tells_no_pages_is_one(
        self,
        mocked: responses.RequestsMock,
        client: BigCommerceClient,
        meta: dict[str, object],
    ) -> None:
        mocked.get(f"{BASE}/v3/hooks", json={"data": [1, 2], **meta})

        assert list(client.pages("/v3/hooks", {}, limit=2)) == [[1, 2]]

    def test_every_page_is_read(self, mocked: responses.RequestsMock, client: BigCommerceClient) -> None:
        def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            page = int(request.params["page"])  # type: ignore[attr-defined]
            body = {"data": [page], "meta": {"pagination": {"total_pages": "3"}}}
            return 200, {}, json.dumps(body)

        mocked.add_callback(responses.GET, f"{BASE}/v3/hooks", callback=answer)

        assert list(client.pages("/v3/hooks", {}, limit=1)) == [[1], [2], [3]]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": {}}', b'{"data": [], "meta": 1}'])
    def test_an_answer_that_is_no_collection_is_tried_later(
        self, mocked: responses.RequestsMock, client: BigCommerceClient, body: bytes
    ) -> None:
        mocked.get(f"{BASE}/v3/hooks", body=body)

        with pytest.raises(TryLater):
            list(client.pages("/v3/hooks", {}, limit=1))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([{"status": 404, "message": "Not found."}], "Not found."),
        ([{"message": "One."}, {"message": "Two."}], "One.; Two."),
        (
            {"status": 422, "title": "Invalid.", "errors": {"scope": "unknown"}},
            "Invalid., scope: unknown",
        ),
        ({"errors": [{"title": "One."}]}, "One."),
        ({"title": "No.", "errors": {}}, "No."),
        ({}, "no reason given"),
        ([], "no reason given"),
        (None, "no reason given"),
        ("oops", "no reason given"),
    ],
)
def test_what_a_refusal_says(body: object, words: str) -> None:
    assert words_of(body) == words
