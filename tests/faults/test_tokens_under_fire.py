"""Eight workers whose access ends every second, some of them killed between the platform's answer and
their commit: no request fails for good, the shop is not lost, and never do two renew at once.

Time passes ten times as fast for all of them, so that the claim of a killed one runs out in time.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from app.db import shops
from app.errors import NeedsMerchant, TryLater
from app.pipeline.connecting import install_shop
from app.pipeline.runtime import Runtime, build_runtime
from app.platforms.http import Http
from app.services import EmbeddedRedis
from app.settings import load_settings
from tests.live import Live, served_shop
from tests.world import granted

WORKERS = 8
LASTS_S = 6
FASTER = 10
BEGAN = time.time()


def fast_clock() -> datetime:
    """Ten seconds for one; the same in every process."""
    return datetime.fromtimestamp(BEGAN, UTC) + timedelta(seconds=(time.time() - BEGAN) * FASTER)


def fast_sleep(seconds: float) -> None:
    """By that clock."""
    time.sleep(seconds / FASTER)


class Dying(requests.Session):
    """Is killed when new tokens have come, before anybody could keep them."""

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
        """One request, perhaps the last."""
        answer = super().send(request, **options)  # type: ignore[arg-type]
        if str(request.url).endswith("/admin/oauth/access_token") and answer.ok:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


@contextmanager
def machine(transport: Callable[[], requests.Session] = requests.Session) -> Iterator[Runtime]:
    """What a process works with; connections do not survive a fork."""
    runtime = build_runtime(load_settings())
    try:
        yield replace(runtime, http=Http(transport=transport), clock=fast_clock, sleep=fast_sleep)
    finally:
        runtime.engine.dispose()
        runtime.redis.close()


def call(runtime: Runtime, shop_id: int) -> None:
    """One request to the shop, tried as often as the platform asks for patience."""
    while True:
        try:
            with runtime.sessions.begin() as session:
                shop = shops.get_shop(session, shop_id)
            runtime.connect(shop).fetch_profile()
        except TryLater:
            fast_sleep(1)
        else:
            return


def work(runtime: Runtime, shop_id: int) -> None:
    """Request after request, for some seconds."""
    until = time.monotonic() + LASTS_S
    while time.monotonic() < until:
        call(runtime, shop_id)


def begin_worker(shop_id: int, transport: Callable[[], requests.Session]) -> int:
    """A process that ends with 1 if any request failed for good; its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        with machine(transport) as runtime:
            work(runtime, shop_id)
        code = 0
    finally:
        os._exit(code)


@pytest.fixture
def live(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clean_pg: sa.Engine, redis_server: EmbeddedRedis
) -> Iterator[Live]:
    """An installed shop whose tokens last a second."""
    options = {"bucket_size": (1e6, 1e6), "clock": fast_clock}
    with served_shop(monkeypatch, tmp_path / "home", clean_pg, redis_server, **options) as live:
        monkeypatch.setenv("SHOPIFY_CLIENT_ID", live.shop.client_id)
        live.shop.oauth.token_life_s = FASTER
        live.shop.oauth.renewal_takes_s = 0.05
        with machine() as runtime:
            live.shop_id = install_shop(runtime, "shopify", live.shop.domain, granted(live.shop))
        yield live


def test_no_request_fails_for_good_and_no_shop_is_lost(live: Live) -> None:
    oauth = live.shop.oauth
    steady = [begin_worker(live.shop_id, requests.Session) for _ in range(WORKERS - 2)]
    doomed = [begin_worker(live.shop_id, Dying) for _ in range(2)]

    ends = [os.waitpid(child, 0)[1] for child in (*steady, *doomed)]

    killed = [status for status in ends if os.WIFSIGNALED(status)]
    assert [os.WTERMSIG(status) for status in killed] == [signal.SIGKILL] * len(killed)
    assert killed
    assert {os.WEXITSTATUS(status) for status in ends if not os.WIFSIGNALED(status)} == {0}
    assert oauth.most_at_once == 1
    assert oauth.renewals > len(killed)
    with live.runtime.sessions.begin() as session:
        assert shops.get_shop(session, live.shop_id).status == "active"
    with machine() as runtime:
        call(runtime, live.shop_id)


def test_a_shop_that_withdrew_its_access_is_not_asked_for_ever(live: Live) -> None:
    """The same workers, and the one end that is for good."""
    live.shop.oauth.forget()

    with machine() as runtime, pytest.raises(NeedsMerchant, match="open Backline from the shop's admin"):
        call(runtime, live.shop_id)
