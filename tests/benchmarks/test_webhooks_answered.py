"""How many webhooks a web process answers, how soon, and for how much of the processor.

Ratios of one run: the floor, the build before and this one take turns on one PostgreSQL that waits for
the disk at each commit, and so do their medians. Printed; what is asserted is that everything was
answered and kept.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest

from app.services import EmbeddedRedis
from tests.benchmarks.contenders import BEFORE, ROOT, Contender, backline, floor
from tests.web.posting import signature

pytestmark = pytest.mark.benchmark

ROUNDS = 3
SECONDS = 8
SECRET = "the-secret-of-the-benchmarks"
SCRIPT = Path(__file__).with_name("webhooks.lua")


@pytest.fixture
def contenders(
    durable_pg_url: str, redis_server: EmbeddedRedis, tmp_path: Path
) -> Iterator[list[Contender]]:
    """The floor, the build before where there is one, and this one."""
    environ = {
        "REDIS_URL": redis_server.url,
        "SECRET_KEY": "a secret key for the benchmarks alone 0123456789",
        "ENCRYPTION_KEYS": "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=",
        "SHOPIFY_CLIENT_SECRET": SECRET,
    }
    with ExitStack() as stack:
        found = [stack.enter_context(floor(durable_pg_url, SECRET, tmp_path))]
        builds = {"before": Path(BEFORE)} if BEFORE else {}
        for name, checkout in {**builds, "now": ROOT}.items():
            (tmp_path / name).mkdir()
            process = backline(name, checkout, environ, durable_pg_url, tmp_path)
            found.append(stack.enter_context(process))
        yield found


def order_of_6600_bytes() -> bytes:
    """Shopify's own example of an order, and as many lines of it as make it as large as orders are."""
    order = json.loads((ROOT / "tests/web/payloads/orders__create.json").read_text())
    lines = order["line_items"]
    while len(json.dumps(order)) < 6600:
        lines.append({**lines[0], "id": lines[0]["id"] + len(lines)})
    return json.dumps(order).encode()


def load(contender: Contender, body: Path, clients: int, run: str) -> dict[str, float]:
    """One run of wrk; with `per_s` and `cpu_ms`, of the web process for each webhook."""
    command = ["wrk", "-t2", f"-c{clients}", f"-d{SECONDS}s", "--timeout", "10s", "-s", str(SCRIPT)]
    command += [contender.url, "--", run, str(body), signature(body.read_bytes(), SECRET)]
    cpu_before = contender.cpu_s()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.rsplit("\n", 2)[1])
    cpu_ms = (contender.cpu_s() - cpu_before) * 1000 / found["answered"]
    return {**found, "per_s": found["answered"] / found["seconds"], "cpu_ms": cpu_ms}


@pytest.mark.parametrize("clients", [16, 64])
def test_webhooks_answered(contenders: list[Contender], tmp_path: Path, clients: int) -> None:
    """Medians of three."""
    if shutil.which("wrk") is None:
        pytest.skip("wrk makes the load: apt-get install wrk")
    body = tmp_path / "order.json"
    body.write_bytes(order_of_6600_bytes())

    runs: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in contenders}
    for number in range(ROUNDS):
        for contender in contenders:
            runs[contender.name].append(load(contender, body, clients, f"{clients}-{number}"))

    report(clients, len(body.read_bytes()), runs)
    for name in ("floor", "now"):
        assert [(run["refused"], run["broken"]) for run in runs[name]] == [(0, 0)] * ROUNDS, name


def report(clients: int, size: int, runs: dict[str, list[dict[str, float]]]) -> None:
    """One line each."""
    print(f"\n{clients} clients, bodies of {size} bytes, medians of {ROUNDS}:")  # noqa: T201
    rate = {name: median(run["per_s"] for run in done) for name, done in runs.items()}
    for name, done in runs.items():
        p99, cpu = (median(run[key] for run in done) for key in ("p99", "cpu_ms"))
        times = ", ".join(f"{rate[name] / rate[other]:.2f} × {other}" for other in rate if other != name)
        lost = sum(run["refused"] + run["broken"] for run in done)
        what = f"p99 {p99 / 1000:.0f} ms, {cpu:.2f} ms CPU each, {lost:.0f} without a good answer"
        print(f"{name:>7}: {rate[name]:6.0f}/s ({times}), {what}")  # noqa: T201
