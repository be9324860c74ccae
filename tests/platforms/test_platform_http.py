"""The one outgoing call: every failure is named by who must act."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses

from app.core.skew import Bounds
from app.errors import NeedsMerchant, TryLater
from app.platforms.http import Http, PlatformRefused

URL = "https://towels.myshopify.com/admin/api/2026-10/graphql.json"
TOKEN = "shpat_secret"


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


def call() -> requests.Response:
    return Http().call(
        "POST", URL, headers={"X-Shopify-Access-Token": TOKEN}, json={"query": "{shop{name}}"}
    )


def test_a_good_answer_is_returned(wire: responses.RequestsMock) -> None:
    wire.post(URL, json={"data": 1})

    assert call().json() == {"data": 1}


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({}, None),
        ({"Date": "soon"}, None),
        ({"Date": "Wed, 25 Nov 2026 09:00:01 GMT"}, datetime(2026, 11, 25, 9, 0, 1, tzinfo=UTC)),
        ({"Date": "Wed, 25 Nov 2026 09:00:01 -0000"}, datetime(2026, 11, 25, 9, 0, 1, tzinfo=UTC)),
    ],
)
def test_an_answer_tells_what_time_it_is_there(
    wire: responses.RequestsMock, headers: dict[str, str], moment: datetime | None
) -> None:
    wire.get(URL, json={}, headers=headers)
    http = Http()

    assert http.told_at() is None
    http.call("GET", URL)

    assert http.told_at() == moment


@pytest.mark.parametrize(("age", "is_told"), [("0", True), ("30", False)])
def test_an_answer_that_a_cache_kept_tells_no_time(
    wire: responses.RequestsMock, age: str, is_told: bool
) -> None:
    wire.get(URL, json={}, headers={"Date": "Wed, 25 Nov 2026 09:00:01 GMT", "Age": age})
    http = Http()
    http.call("GET", URL)

    assert (http.told_at() is not None, http.skew() is not None) == (is_told, is_told)


def test_the_time_of_an_answer_is_compared_with_when_we_asked_and_heard(
    wire: responses.RequestsMock,
) -> None:
    began = datetime(2026, 11, 25, 9, 5, tzinfo=UTC)
    wire.get(URL, json={}, headers={"Date": "Wed, 25 Nov 2026 09:00:01 GMT"})
    http = Http()
    http.clock = iter([began, began + timedelta(seconds=3)]).__next__

    http.call("GET", URL)

    assert http.skew() == Bounds(-302, -298)


def test_what_an_answer_before_told_counts_no_more(wire: responses.RequestsMock) -> None:
    wire.get(URL, json={}, headers={"Date": "Wed, 25 Nov 2026 09:00:01 GMT"})
    wire.get(URL, json={})
    http = Http()
    http.call("GET", URL)
    http.call("GET", URL)

    assert http.skew() is None


@pytest.mark.parametrize("status", [408, 423, 429, 500, 502, 503, 504])
def test_what_passes_by_itself_is_tried_later(wire: responses.RequestsMock, status: int) -> None:
    wire.post(URL, status=status)

    with pytest.raises(TryLater) as later:
        call()

    assert later.value.after_s >= 1


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7), ("2.5", 2.5), ("-3", 0), ("1e9", 3600), ("inf", 3600), ("nan", 3600)],
)
def test_retry_after_says_how_long_within_reason(
    wire: responses.RequestsMock, header: str, wait_s: float
) -> None:
    wire.post(URL, status=429, headers={"Retry-After": header})

    with pytest.raises(TryLater) as later:
        call()

    assert later.value.after_s == wait_s


def test_a_retry_after_in_words_is_a_short_wait(wire: responses.RequestsMock) -> None:
    wire.post(URL, status=503, headers={"Retry-After": "Wed, 25 Nov 2026 07:28:00 GMT"})

    with pytest.raises(TryLater) as later:
        call()

    assert 1 <= later.value.after_s <= 5


@pytest.mark.parametrize("status", [301, 302, 307, 401, 402, 403, 404])
def test_what_only_the_merchant_can_mend_says_what_to_do(
    wire: responses.RequestsMock, status: int
) -> None:
    wire.post(URL, status=status, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(NeedsMerchant, match=r"connect|settle"):
        call()


def test_any_other_refusal_is_a_defect_of_ours(wire: responses.RequestsMock) -> None:
    wire.post(URL, status=400, body="no such field")

    with pytest.raises(PlatformRefused, match="no such field"):
        call()


def test_an_expected_status_is_returned(wire: responses.RequestsMock) -> None:
    wire.get(URL, status=404)

    assert Http().call("GET", URL, expected=(404,)).status_code == 404


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError("reset by peer"),
        requests.ConnectTimeout("slow"),
        requests.ReadTimeout("slow"),
        requests.exceptions.ChunkedEncodingError("cut"),
    ],
)
def test_a_broken_connection_is_tried_in_some_seconds(
    wire: responses.RequestsMock, failure: Exception
) -> None:
    wire.post(URL, body=failure)

    with pytest.raises(TryLater) as later:
        call()

    assert 1 <= later.value.after_s <= 5


def test_the_token_is_never_in_an_error(wire: responses.RequestsMock) -> None:
    wire.post(URL, status=400, body=f"bad token {TOKEN}")

    with pytest.raises(PlatformRefused) as refused:
        call()

    assert TOKEN not in str(refused.value)


def test_a_signed_address_is_never_in_an_error(wire: responses.RequestsMock) -> None:
    wire.get("https://files.example/bulk", body=requests.ConnectionError("reset"))

    with pytest.raises(TryLater) as later:
        list(Http().stream_lines("https://files.example/bulk?Signature=abc"))

    assert "abc" not in str(later.value)


def test_each_thread_keeps_its_own_session() -> None:
    built: list[requests.Session] = []

    def transport() -> requests.Session:
        built.append(requests.Session())
        return built[-1]

    http = Http(transport=transport)

    def twice() -> None:
        for _ in range(2):
            with pytest.raises(TryLater):
                http.call("GET", "http://127.0.0.1:9/")

    assert built == []
    for _ in range(2):
        thread = threading.Thread(target=twice)
        thread.start()
        thread.join()
    assert len(built) == 2


FILE = b"one\ntwo\nthree"


@pytest.mark.parametrize("offset", [0, 4, 8])
def test_a_file_is_read_by_lines_from_where_it_was_left(
    wire: responses.RequestsMock, offset: int
) -> None:
    wire.get("https://files.example/bulk", status=206, body=FILE[offset:])

    lines = list(Http().stream_lines("https://files.example/bulk", offset=offset))

    assert lines == [b"one\n", b"two\n", b"three"][offset // 4 :]
    assert wire.calls[0].request.headers["Range"] == f"bytes={offset}-"


def test_a_server_that_sends_the_whole_file_is_read_from_the_offset(
    wire: responses.RequestsMock,
) -> None:
    wire.get("https://files.example/bulk", body=FILE)

    assert list(Http().stream_lines("https://files.example/bulk", offset=4)) == [b"two\n", b"three"]


def test_a_file_read_to_its_end_has_no_more_lines(wire: responses.RequestsMock) -> None:
    wire.get("https://files.example/bulk", status=416)

    assert list(Http().stream_lines("https://files.example/bulk", offset=13)) == []
