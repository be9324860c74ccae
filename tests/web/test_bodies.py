"""Bodies of requests: how long, how many and how much is waited for."""

import asyncio
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import pytest

from app.web.bodies import Bodies, BodyRefusedError, Receive

LIMIT = 1000


def sent(*chunks: bytes) -> Receive:
    """A body that comes at once, in pieces."""
    return _receive({"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks)


def whole(body: bytes) -> Receive:
    """A body that comes in one piece."""
    return _receive([{"type": "http.request", "body": body}])


def _receive(messages: Iterable[Mapping[str, Any]]) -> Receive:
    """What was sent, and then nothing more for ever."""
    left = iter(messages)

    async def receive() -> Mapping[str, Any]:
        for message in left:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    return receive


async def status_of(reading: "asyncio.Task[bytes]") -> HTTPStatus:
    """Why a body was not read."""
    with pytest.raises(BodyRefusedError) as refused:
        await reading
    return refused.value.status


def read(bodies: Bodies, receive: Receive, **told: int) -> "asyncio.Task[bytes]":
    """Begin to read."""
    reading = bodies.read(receive, declared=told.get("declared"), limit=LIMIT)
    return asyncio.get_running_loop().create_task(reading)


def test_a_body_is_read_to_its_end() -> None:
    async def story() -> bytes:
        pieces = [{"type": "http.request", "body": b"ab", "more_body": True}]
        return await read(Bodies(), _receive([*pieces, {"type": "http.request", "body": b"c"}]))

    assert asyncio.run(story()) == b"abc"


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def story() -> HTTPStatus:
        return await status_of(read(Bodies(patience_s=0.01), sent(b"a"), declared=100))

    assert asyncio.run(story()) == 408


@pytest.mark.parametrize(
    ("receive", "declared"),
    [(sent(), LIMIT + 1), (sent(b"x" * LIMIT, b"x"), None), (sent(b"x" * LIMIT, b"x"), 5)],
    ids=["said so", "says nothing", "says less"],
)
def test_a_body_that_is_too_long_is_refused_however_it_is_told(
    receive: Receive, declared: int | None
) -> None:
    async def story() -> HTTPStatus:
        told = {} if declared is None else {"declared": declared}
        return await status_of(read(Bodies(), receive, **told))

    assert asyncio.run(story()) == 413


def test_where_the_places_run_out_whoever_sends_for_longest_makes_room() -> None:
    async def story() -> tuple[list[bool], bytes, HTTPStatus]:
        bodies = Bodies(most=3)
        slow = [read(bodies, sent(b"x")) for _ in range(3)]
        await asyncio.sleep(0)
        quick = await read(bodies, whole(b"at once"))
        status = await status_of(slow[0])
        still_waiting = [not each.done() for each in slow[1:]]
        for each in slow[1:]:
            each.cancel()
        return still_waiting, quick, status

    assert asyncio.run(story()) == ([True, True], b"at once", 408)


def test_who_is_leaving_already_is_not_told_so_again() -> None:
    """It takes the loop some turns until they are gone; others come meanwhile."""

    async def story() -> list[bytes]:
        bodies = Bodies(most=1)
        slow = read(bodies, sent(b"x"))
        quick = []
        for count in range(6):
            await asyncio.sleep(0)
            quick.append(read(bodies, whole(b"%d" % count)))
        found = [await each for each in quick]
        assert await status_of(slow) == 408
        return found

    assert asyncio.run(story()) == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_what_has_come_of_unread_bodies_is_bounded_for_all_together() -> None:
    async def story() -> tuple[HTTPStatus, bytes]:
        bodies = Bodies(most_bytes=1000)
        first = read(bodies, sent(b"x" * 600))
        second = read(bodies, sent(b"x" * 600))
        status = await status_of(first)
        second.cancel()
        await asyncio.wait([second])
        return status, await read(bodies, whole(b"x" * 900))

    assert asyncio.run(story()) == (408, b"x" * 900)


def test_a_body_that_breaks_off_is_told_from_a_slow_one() -> None:
    """Where it could not be read its sender still waits for an answer."""

    async def story() -> HTTPStatus:
        return await status_of(read(Bodies(), _receive([{"type": "http.disconnect"}])))

    assert asyncio.run(story()) is HTTPStatus.BAD_REQUEST


def test_a_body_that_trickles_is_given_up_as_well() -> None:
    """The time is for all of it, not for each byte."""

    async def receive() -> Mapping[str, Any]:
        await asyncio.sleep(0.005)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def story() -> HTTPStatus:
        return await status_of(read(Bodies(patience_s=0.1), receive))

    assert asyncio.run(story()) is HTTPStatus.REQUEST_TIMEOUT
