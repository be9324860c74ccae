"""How long a file of 100,000 purchase order lines takes, and a workbook of 50,000, and how much memory;
200 of the lines can't be used."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import PoolRow, StockItem
from tests.builders import LOCATION, NOW, installed_shop

BAD, ITEMS = 200, 5_000

# A process of its own, so that its peak is that of the import alone.
MEASURE = """
import json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy.orm import sessionmaker
from app.pipeline.files.importing import examine_for_shop, import_file
from app.pipeline.files.options import Options
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
    with sessions.begin() as session:
        layout = examine_for_shop(
            session, shop_id, lambda: path.open("rb"), options=Options(), now=now
        )
    report = import_file(
        sessions, shop_id, layout, name=path.name, now=now,
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
@pytest.mark.parametrize(
    ("kind", "name", "lines"),
    [
        ("postgresql", "orders.csv", 100_000),
        ("sqlite", "orders.csv", 100_000),
        ("postgresql", "orders.xlsx", 50_000),
    ],
)
def test_a_large_file(  # noqa: PLR0917 -- pytest passes them by name
    kind: str,
    name: str,
    lines: int,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = request.getfixturevalue("clean_pg" if kind == "postgresql" else "sqlite_engine")
    shop_id = _stock(engine)
    path = tmp_path / name
    (_write_workbook if name.endswith("xlsx") else _write)(path, lines)

    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, url, str(shop_id), str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    figures = json.loads(done.stdout)
    with capsys.disabled():
        size = path.stat().st_size / 1e6
        print(f"\n{kind}, {size:.1f} MB of {name}: {json.dumps(figures)}")  # noqa: T201 -- the figures
    assert figures["rehearsal"]["new"] == figures["import"]["new"] == lines - BAD
    assert figures["again"]["unchanged"] == lines - BAD
    assert {figures[step]["lines told"] for step in ("rehearsal", "import", "again")} == {BAD}


HEADER = ("reference", "sku", "quantity", "expected_on", "location", "supplier")


def _rows(lines: int) -> Iterator[tuple[str, ...]]:
    """Evenly spread lines are bad, each in one of four ways."""
    # No other line of an order with a bad one is for S-77: units taken back would put it in doubt.
    faults = (("", "5", "2026-12-05"), ("S-1", "x", "2026-12-05"), ("S-1", "5", "31/31/2026"),
              ("S-77", "-5", "2026-12-05"))  # fmt: skip
    for number in range(lines):
        day, item = f"2026-12-{number % 28 + 1:02}", f"S-{number % (2 * ITEMS)}"
        good = (item, str(number % 90 + 1), day)
        is_bad = number % (lines // BAD) == 7
        yield (f"PO-{number // 10}", *(faults[number % 4] if is_bad else good), "Main", "A")


def _write(path: Path, lines: int) -> None:
    with path.open("w") as file:
        file.writelines(",".join(row) + "\n" for row in (HEADER, *_rows(lines)))


def _write_workbook(path: Path, lines: int) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Orders")
    for row in (HEADER, *_rows(lines)):
        sheet.append(row)
    book.save(path)


def _stock(engine: sa.Engine) -> int:
    """A shop that knows half of the items, and where somebody waits for every tenth of those."""
    with Session(engine) as session, session.begin():
        shop = installed_shop(session)
        shop_id = shop.id
        session.add_all(
            StockItem(shop_id=shop.id, item_id=n + 1, sku=f"S-{n}", has_queue=n % 10 == 0)
            for n in range(ITEMS)
        )
        session.add(
            PoolRow(shop_id=shop.id, item_id=1, location_id=LOCATION, location_name="Main", on_hand=0,
                    available=0, supply=0, read_at=NOW)
        )  # fmt: skip
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Its items were there before: the database has counted them.
        connection.exec_driver_sql("ANALYZE")
    return shop_id
