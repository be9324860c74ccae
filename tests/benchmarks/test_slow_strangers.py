"""How long others wait while strangers are slow on purpose. Printed, beside what they wait without."""

import json
import time
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services import EmbeddedRedis
from tests.builders import installed_shop
from tests.faults.test_slow_strangers import KINDS, STRANGERS, environment, strangers
from tests.served import Served, web_process
from tests.web.posting import ADDRESS, DOMAIN, headers, order_body

pytestmark = pytest.mark.benchmark

ASKED = 200
BODY = json.dumps(order_body()).encode()


def p99_ms(served: Served) -> dict[str, float]:
    """Of a webhook, of a health check, of a page; one after the other."""
    waits: dict[str, list[float]] = {"webhook": [], "health": [], "page": []}
    with requests.Session() as others:
        for _ in range(ASKED):
            for what, wait in waits.items():
                began = time.perf_counter()
                if what == "webhook":
                    answer = others.post(
                        served.url + ADDRESS, data=BODY, headers=headers(BODY), timeout=30
                    )
                else:
                    path = "/healthz" if what == "health" else "/sign-in"
                    answer = others.get(served.url + path, timeout=30)
                wait.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200
    return {what: sorted(wait)[len(wait) * 99 // 100] for what, wait in waits.items()}


def test_what_slow_strangers_cost_others(
    clean_pg: sa.Engine, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    """64 of each kind, against one process."""
    with Session(clean_pg) as session, session.begin():
        installed_shop(session, DOMAIN)
    with web_process(environment(clean_pg, redis_server, processes=1), tmp_path / "home") as served:
        found = {"nobody": p99_ms(served)}
        for kind, said in KINDS.items():
            with strangers(served, said):
                found[kind] = p99_ms(served)

    for kind, waits in found.items():
        told = ", ".join(f"{what} {wait:.0f} ms" for what, wait in waits.items())
        print(f"\n{STRANGERS} × {kind}: p99 {told}", end="")  # noqa: T201
    assert len(found) == len(KINDS) + 1
