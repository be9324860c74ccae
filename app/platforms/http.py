"""The one outgoing call: pooled per thread, timed, and every failure named by who must act."""

import math
import random
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from app.core.skew import Bounds, bounds_of
from app.errors import NeedsMerchant, TryLater, TurnIsOver

CONNECT_AND_READ_TIMEOUT_S = (3.05, 20)
LONGEST_RETRY_AFTER_S = 3600.0
LONGEST_GROWN_S = 300.0
SHOWN_BODY_LENGTH = 300

WHAT_THE_MERCHANT_DOES = {
    401: "the access token is no longer valid: connect the shop again",
    402: "the shop is frozen over an unpaid bill: settle it with the platform",
    403: "access was refused: connect the shop again and grant every permission asked for",
    404: "no such shop was found: check its address and connect it again",
}
WAIT_S = {423: 60.0, 429: 2.0, 430: 60.0}
"""How long to wait where the answer has no Retry-After. 423: the shop is locked; 430: Shopify
suspects the traffic. Other waits are short and jittered."""
PASSES_BY_ITSELF = frozenset({408, 425, *WAIT_S})

_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class PlatformRefused(RuntimeError):
    """The platform says that our request is wrong. A defect of ours: it is left to escape."""


def origin(url: str) -> str:
    """The scheme and the host of an address, with its port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def jittered_s() -> float:
    """A wait of 1 to 5 seconds, so that what failed together is not retried together."""
    return random.uniform(1, 5)  # noqa: S311 - it spreads retries, nothing depends on its secrecy


def grown_s(after_s: float, failures: int) -> float:
    """The wait after so many failures in a row: it doubles up to five minutes, and is jittered, so that
    the shops of a platform that comes back do not all come at once."""
    if failures <= 1:
        return after_s
    longest_s = min(LONGEST_GROWN_S, 2.0 ** min(failures, 16))
    return max(after_s, random.uniform(longest_s / 2, longest_s))  # noqa: S311 - as above


@dataclass
class Turn:
    """The calls of a thread while it works on one shop: none begins after `ends_at` (in seconds of the
    monotonic clock; None: that does not matter). `slowest_s` is the longest wait for an answer, `is_cut`
    whether a call was not made any more."""

    ends_at: float | None = None
    slowest_s: float = 0
    is_cut: bool = False

    def begin_call(self) -> float:
        """When the call begins. Raises `TurnIsOver`."""
        now = time.monotonic()
        if self.ends_at is not None and now >= self.ends_at:
            self.is_cut = True
            raise TurnIsOver
        return now

    def end_call(self, began: float) -> None:
        """It was answered, or failed."""
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)


def _utc_now() -> datetime:
    """The moment it is by this machine."""
    return datetime.now(UTC)


class Http:
    """Sends requests over one pooled session a thread.

    `transport` builds a session: tests mount an in-process adapter on theirs. `clock` is the clock that
    the servers' are compared with.
    """

    def __init__(self, *, transport: Callable[[], requests.Session] = requests.Session) -> None:
        self._transport = transport
        self._local = threading.local()
        self.clock: Callable[[], datetime] = _utc_now

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        expected: Collection[int] = (),
    ) -> requests.Response:
        """Send one request and return its answer if it is 2xx or one of `expected`.

        Raises `TryLater` (429, 408, 423, 5xx, time-out, reset), `NeedsMerchant` (401, 402, 403, 404,
        a redirect), `PlatformRefused` (any other status), and `TurnIsOver` where there was a `turn`.
        """
        asked_at = self.clock()
        with naming_failures(url), self._timed():
            response = self._session().request(
                method,
                url,
                headers=dict(headers or {}),
                params=dict(params or {}),
                json=json,
                timeout=CONNECT_AND_READ_TIMEOUT_S,
                allow_redirects=False,
            )
        _check(response, expected=expected, secrets=(headers or {}).values())
        self._local.answered = self.answered() + 1
        self._local.told_at = told_at = _told_at(response.headers)
        self._local.skew = told_at and bounds_of(told_at, asked_at=asked_at, heard_at=self.clock())
        return response

    @contextmanager
    def turn(self, seconds: float | None = None) -> Iterator[Turn]:
        """Work on one shop, in this thread: no call begins after so many seconds, for the next of a slow
        platform's answers would hold the thread as long again."""
        turn = Turn(None if seconds is None else time.monotonic() + seconds)
        self._local.turn = turn
        try:
            yield turn
        finally:
            self._local.turn = None

    @contextmanager
    def _timed(self) -> Iterator[None]:
        turn: Turn = getattr(self._local, "turn", None) or Turn()
        began = turn.begin_call()
        try:
            yield
        finally:
            turn.end_call(began)

    def answered(self) -> int:
        """How many calls of this thread were served. A thread works on one shop at a time, so what was
        added meanwhile is that shop's."""
        count: int = getattr(self._local, "answered", 0)
        return count

    def told_at(self) -> datetime | None:
        """What time it was by the server that last served a call of this thread, to the second (the Date
        of RFC 9110, which servers that have a clock send); None where it told nothing of the kind, or
        where a cache answered."""
        told_at: datetime | None = getattr(self._local, "told_at", None)
        return told_at

    def skew(self) -> Bounds | None:
        """How far the clock of the server that last served a call of this thread is ahead of ours; None
        where it told no time."""
        skew: Bounds | None = getattr(self._local, "skew", None)
        return skew

    def upload(self, url: str, fields: Mapping[str, str], *, name: str, content: bytes) -> None:
        """Post a file as the last part of a form. Raises as `call` does."""
        with naming_failures(url):
            response = self._session().post(
                url,
                data=dict(fields),
                files={"file": (name, content)},
                timeout=CONNECT_AND_READ_TIMEOUT_S,
                allow_redirects=False,
            )
        _check(response, expected=(), secrets=fields.values())

    def stream_lines(self, url: str, *, offset: int = 0) -> Generator[bytes]:
        """The lines of a file from a byte offset on, each with its line end, never held as a whole.

        Raises as `call` does, also in the middle; close the iterator to stop early.
        """
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={offset}-"}
        with naming_failures(url), self._open(url, headers=headers) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return  # the offset is the end of the file
            _check(response, expected=(), secrets=())
            is_partial = response.status_code == requests.codes.partial_content
            yield from _lines(response, skip=0 if is_partial else offset)

    def _open(self, url: str, *, headers: Mapping[str, str]) -> requests.Response:
        return self._session().get(
            url,
            headers=dict(headers),
            timeout=CONNECT_AND_READ_TIMEOUT_S,
            allow_redirects=False,
            stream=True,
        )

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = self._transport()
        session: requests.Session = self._local.session
        return session


@contextmanager
def naming_failures(url: str) -> Iterator[None]:
    """Turn a broken connection into `TryLater`. Only the host is named: a URL may hold a signature."""
    try:
        yield
    except _BROKEN as error:
        host = urlsplit(url).hostname
        message = f"{host} did not answer ({type(error).__name__})"
        raise TryLater(message, after_s=jittered_s(), is_failure=True) from error


def _check(response: requests.Response, *, expected: Collection[int], secrets: Collection[str]) -> None:
    status = response.status_code
    if (response.ok and not response.is_redirect) or status in expected:
        return
    host = urlsplit(response.url).hostname
    if status in PASSES_BY_ITSELF or status >= requests.codes.internal_server_error:
        is_failure = status >= requests.codes.internal_server_error and not _asked_s(response)
        message = f"{host} answered {status}"
        raise TryLater(message, after_s=_wait_s(response), is_failure=is_failure)
    if status in WHAT_THE_MERCHANT_DOES:
        raise NeedsMerchant(f"{host} answered {status}: {WHAT_THE_MERCHANT_DOES[status]}")
    if status < requests.codes.bad_request:
        raise NeedsMerchant(f"{host} answered {status}: the shop has moved, connect it again")
    raise PlatformRefused(f"{host} answered {status}: {_shown(response.text, secrets)}")


def _told_at(headers: Mapping[str, str]) -> datetime | None:
    """The Date of an answer that was made for us: one that a cache kept (it has an Age) is too old."""
    try:
        told = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    is_kept = headers.get("Age", "0").strip() != "0"
    return None if is_kept else told.replace(tzinfo=told.tzinfo or UTC)


def _wait_s(response: requests.Response) -> float:
    asked_s = _asked_s(response)
    return WAIT_S.get(response.status_code, 0.0) + jittered_s() if asked_s is None else asked_s


def _asked_s(response: requests.Response) -> float | None:
    try:
        asked_s = float(response.headers.get("Retry-After", ""))
    except ValueError:  # absent, or a date: both clocks would have to agree
        return None
    if not math.isfinite(asked_s):
        return LONGEST_RETRY_AFTER_S
    return min(max(asked_s, 0.0), LONGEST_RETRY_AFTER_S)


def _shown(text: str, secrets: Collection[str]) -> str:
    """The start of an answer for an error message, without anything that we sent in a header."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return text[:SHOWN_BODY_LENGTH]


def _lines(response: requests.Response, *, skip: int) -> Iterator[bytes]:
    rest = b""
    for chunk in response.iter_content(64 * 1024):
        skipped = min(skip, len(chunk))
        skip -= skipped
        *lines, rest = (rest + chunk[skipped:]).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest
