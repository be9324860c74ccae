"""Bodies of requests, read to their end before anybody works on them.

Whoever declares a body and sends none costs a place in a table here, not a thread; and where the
places run out, whoever has been sending for longest makes room for whoever comes now. So no number of
slow strangers keeps out one who sends at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_SLOWEST_BYTES_PER_S = 64 * 1024
_BROKEN_OFF = "The body of the request broke off, or can't be read: send it again."


class BodyRefusedError(Exception):
    """The body was not read to its end; `status` and the text are the answer."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Bodies:
    """At most `most` unread bodies at a time, and `most_bytes` of what has come of them so far. Each may
    take `patience_s`, and what its length may take beyond."""

    def __init__(
        self, *, most: int = 256, most_bytes: int = 64 * 1024 * 1024, patience_s: float = 10
    ) -> None:
        self._patience_s = patience_s
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._unread: dict[asyncio.Timeout, None] = {}  # the one that came first is the first

    async def read(self, receive: Receive, *, declared: int | None, limit: int) -> bytes:
        """The whole body. Raises `BodyRefusedError` if it is longer than `limit`, does not come in time,
        or breaks off: its sender hangs up, or sends what is no body."""
        if declared is not None and declared > limit:
            raise _too_long(limit)
        patience_s = self._patience_s + (declared or 0) / _SLOWEST_BYTES_PER_S
        try:
            async with asyncio.timeout(patience_s) as place:
                return await self._read_in(place, receive, limit)
        except TimeoutError as error:
            text = "The body of the request did not come in time: send it again."
            raise BodyRefusedError(HTTPStatus.REQUEST_TIMEOUT, text) from error

    async def _read_in(self, place: asyncio.Timeout, receive: Receive, limit: int) -> bytes:
        body = bytearray()
        self._unread[place] = None
        try:
            while True:
                self._make_room()
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BodyRefusedError(HTTPStatus.BAD_REQUEST, _BROKEN_OFF)
                chunk = message.get("body", b"")
                body += chunk
                self._bytes += len(chunk)
                if len(body) > limit:
                    raise _too_long(limit)
                if not message.get("more_body", False):
                    return bytes(body)
        finally:
            del self._unread[place]
            self._bytes -= len(body)

    def _make_room(self) -> None:
        if len(self._unread) > self._most or self._bytes > self._most_bytes:
            now = asyncio.get_running_loop().time()
            # Who has been told to leave is gone at a later turn of the loop, and can't be told again.
            longest = next((place for place in self._unread if (place.when() or now) > now), None)
            if longest is not None:
                longest.reschedule(now)


def _too_long(limit: int) -> BodyRefusedError:
    text = f"The request is too large: {limit} bytes at most."
    return BodyRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
