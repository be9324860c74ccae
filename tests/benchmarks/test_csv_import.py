"""How long a file of 100,000 purchase order lines takes, and how much memory, 200 of them bad."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Item, PoolRow
from tests.builders import LOCATION, NOW, installed_shop

LINES, BAD, ITEMS = 100_000, 200, 5_000

# A process of its own, so that its peak is that of the import alone.
MEASURE = """
import json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy.orm import sessionmaker
from app.pipeline.csv_import import import_file
from app.pipeline.csv_layout import examine
from app.services import open_engine

url, shop_id, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
def peak_mb():
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one)
    return int(line.split()[1]) / 1024

sessions = sessionmaker(open_engine(url), expire_on_commit=False)
now, figures = datetime(2026, 11, 25, tzinfo=UTC), {}
figures["MB before"] = peak_mb()
for step, is_rehearsal in (("rehearsal", True), ("import", False), ("again", False)):
    began, used, bad = time.perf_counter(), time.process_time(), []
    layout = examine(lambda: path.open("rb"))
    report = import_file(
        sessions, shop_id, lambda: path.open("rb"), layout, name=path.name, now=now,
        is_rehearsal=is_rehearsal, on_bad=lambda one: bad.append(one.line),
    )
    figures[step] = {
        "s": time.perf_counter() - began, "s of CPU": time.process_time() - used,
        "new": report.new, "changed": report.changed,
        "unchanged": report.unchanged, "bad": report.bad, "first bad": bad[0], "lines told": len(bad),
    }
figures["MB"] = peak_mb()
print(json.dumps(figures))
"""


@pytest.mark.benchmark
@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_a_file_of_100_000_lines(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = request.getfixturevalue("clean_pg" if kind == "postgresql" else "sqlite_engine")
    shop_id = _stock(engine)
    path = tmp_path / "orders.csv"
    _write(path)

    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, url, str(shop_id), str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    figures = json.loads(done.stdout)
    with capsys.disabled():
        size = path.stat().st_size / 1e6
        print(f"\n{kind}, {size:.1f} MB of CSV: {json.dumps(figures)}")  # noqa: T201 -- the figures
    assert figures["rehearsal"]["new"] == figures["import"]["new"] == LINES - BAD
    assert figures["again"]["unchanged"] == LINES - BAD
    assert {figures[step]["lines told"] for step in ("rehearsal", "import", "again")} == {BAD}


def _write(path: Path) -> None:
    """Every five-hundredth line is bad in one of four ways."""
    faults = ("PO-{0},,5,2026-12-05,Main,A", "PO-{0},S-1,x,2026-12-05,Main,A",
              "PO-{0},S-1,5,31/31/2026,Main,A", "PO-{0},S-1,5,2026-12-05,Mars,A")  # fmt: skip
    with path.open("w") as file:
        file.write("reference,sku,quantity,expected_on,location,supplier\n")
        for number in range(LINES):
            day, item = f"2026-12-{number % 28 + 1:02}", f"S-{number % (2 * ITEMS)}"
            good = f"PO-{number // 10},{item},{number % 90 + 1},{day},Main,A"
            is_bad = number % (LINES // BAD) == 7
            file.write((faults[number % 4].format(number) if is_bad else good) + "\n")


def _stock(engine: sa.Engine) -> int:
    """A shop that knows half of the items, and where somebody waits for every tenth of those."""
    with Session(engine) as session, session.begin():
        shop = installed_shop(session)
        session.add_all(
            Item(shop_id=shop.id, item_id=n + 1, sku=f"S-{n}", has_queue=n % 10 == 0)
            for n in range(ITEMS)
        )
        session.add(
            PoolRow(shop_id=shop.id, item_id=1, location_id=LOCATION, location_name="Main", on_hand=0,
                    available=0, supply=0, read_at=NOW)
        )  # fmt: skip
        return shop.id
