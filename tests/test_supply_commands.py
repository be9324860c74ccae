"""`backline supply`: arrivals typed, imported, changed, received and cancelled."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from app.cli import main
from app.db.models import ArrivalRow, Event
from app.services import open_engine
from tests.builders import NOW, installed_shop, item_stock, pool
from tests.db.stock import known_item, record_stock

MUGS, TOWELS = "a.myshopify.com", "towels.myshopify.com"
TABLE = "reference,sku,quantity,expected_on,location\n"
LINE = "PO-1,MUG-BLUE,40,2030-12-05,41\n"


@pytest.fixture
def environment(tmp_path: Path, migrated_file: Path) -> dict[str, str]:
    """A machine with a shop that sells mugs."""
    environment = {
        "BACKLINE_HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'backline.sqlite3'}",
        "APP_URL": "https://backline.test",
        "COLUMNS": "150",
    }
    shutil.copy(migrated_file, tmp_path / "backline.sqlite3")
    with opened(environment) as session:
        shop = installed_shop(session, MUGS)
        known_item(session, shop, has_queue=True)
        record_stock(session, shop.id, item_stock(pool(0)), {})
        session.commit()
    return environment


@contextmanager
def opened(environment: dict[str, str]) -> Iterator[Session]:
    """The machine's database."""
    engine = open_engine(environment["DATABASE_URL"])
    with Session(engine) as session:
        yield session
    engine.dispose()


def run(environment: dict[str, str], *words: str) -> Result:
    """The command as typed; nobody answers questions."""
    return CliRunner().invoke(main, ["supply", *words], env=environment)


def rows(environment: dict[str, str]) -> list[tuple[int, int, str, str]]:
    """Quantity, received, day and state of each arrival."""
    with opened(environment) as session:
        found = session.scalars(sa.select(ArrivalRow).order_by(ArrivalRow.id)).all()
        return [(row.quantity, row.received, str(row.expected_on), row.state) for row in found]


def file_of(tmp_path: Path, *lines: str) -> str:
    """A file of purchase orders."""
    path = tmp_path / "orders.csv"
    path.write_text(TABLE + "".join(lines))
    return str(path)


def test_a_file_is_rehearsed_and_taken_only_with_a_yes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = file_of(tmp_path, LINE, "PO-2,MUG-BLUE,x,2030-12-05,41\n")

    rehearsed = run(environment, "import", path, "--dry-run")
    unanswered = run(environment, "import", path)

    assert rehearsed.exit_code == 0
    assert "line 3: the quantity ordered 'x' is not a number" in rehearsed.output
    assert '"sku" is used as the SKU (sku).' in rehearsed.output
    assert "1 new, 0 changed, 0 unchanged, 0 no longer in the file" in rehearsed.output
    assert (unanswered.exit_code, "Nothing imported." in unanswered.output) == (1, True)
    assert rows(environment) == []
    assert run(environment, "import", path, "--yes").exit_code == 0
    assert rows(environment) == [(40, 0, "2030-12-05", "expected")]


def test_a_table_of_weeks_is_imported_for_the_day_of_a_week_that_is_said(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "weeks.csv"
    path.write_text("PO,SKU,2030-W49,2030-W50\nPO-1,MUG-BLUE,40,12\n")

    told = run(environment, "import", str(path), "--yes", "--week-day", "monday")
    again = run(environment, "import", str(path), "--yes")

    assert '"2030-W49" to "2030-W50" is used as the expected date' in told.output
    assert "0 new, 0 changed, 2 unchanged" in again.output
    assert rows(environment) == [(40, 0, "2030-12-02", "expected"), (12, 0, "2030-12-09", "expected")]


def test_the_day_of_the_first_of_several_columns_is_said_by_an_option(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "weeks.csv"
    path.write_text("PO,SKU,2020-W49,2020-W50\nPO-1,MUG-BLUE,40,12\n")

    asked = run(environment, "import", str(path), "--yes")
    wrong = run(environment, "import", str(path), "--yes", "--first-column", "Friday")
    told = run(environment, "import", str(path), "--yes", "--first-column", "2020-12-04")

    assert "have passed (2020-12-04 to 2020-12-11)" in " ".join(asked.output.split())
    assert "'Friday' is no day: write it as 2026-12-31." in wrong.output
    assert "2 new, 0 changed" in told.output


def test_whether_a_column_counts_packs_is_said(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "cartons.csv"
    path.write_text("PO,SKU,Cartons,Open qty,Case Pack,ETA\nPO-1,MUG-BLUE,4,36,12,2030-12-04\n")

    asked = run(environment, "import", str(path), "--yes")
    wrong = run(environment, "import", str(path), "--yes", "--counts", "outstanding=boxes")
    told = run(environment, "import", str(path), "--yes", "--counts", "outstanding=units")

    assert "Say counts outstanding=packs or outstanding=units." in " ".join(asked.output.split())
    assert "--counts outstanding=boxes: write units or packs" in wrong.output
    assert "1 new, 0 changed" in told.output


def test_what_a_file_does_not_tell_is_said_in_words_and_kept(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "erp.csv"
    path.write_text("Master,Qty,State\n00mug-blue,40,Awaiting QC\n")
    of_this_file = ("--value", "reference=PO-9", "--value", "expected_on=2030-12-05")
    said = ("--column", "sku=Master", *of_this_file)
    meant = ("--column", "status=State", "--status", "Awaiting QC=open", "--accept-skus")

    assert "No column was found for" in run(environment, "import", str(path), "--yes").output
    assert "the status 'Awaiting QC' is not known" in (
        run(environment, "import", str(path), "--dry-run", *said, "--column", "status=State").output
    )
    told = run(environment, "import", str(path), "--yes", *said, *meant)
    next_file = run(environment, "import", str(path), "--yes")
    again = run(environment, "import", str(path), "--yes", *of_this_file)

    assert (told.exit_code, next_file.exit_code, again.exit_code) == (0, 1, 0)
    assert "No column was found for" in next_file.output
    assert "unknown SKU 00mug-blue: did you mean mug-blue?" in told.output
    assert "0 new, 0 changed, 1 unchanged" in again.output
    assert rows(environment) == [(40, 0, "2030-12-05", "expected")]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--column", "SKU"), "--column 'SKU': write it as name=value."),
        (("--column", "color=Color"), "There is nothing called 'color' to set."),
        (("--column", "sku=Master"), "There is no column 'Master'. The file's columns are: reference"),
        (("--status", "QC=maybe"), "a status means one of open, draft, canceled, closed"),
    ],
)
def test_an_answer_that_can_t_be_used_says_what_to_write(
    environment: dict[str, str], tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    result = run(environment, "import", file_of(tmp_path, LINE), "--yes", *words)

    assert (result.exit_code, complaint in result.output) == (1, True), result.output


def test_a_file_that_can_t_be_read_says_why(environment: dict[str, str], tmp_path: Path) -> None:
    path = file_of(tmp_path, LINE.replace("2030-12-05", "3/4/2030"))

    refused = run(environment, "import", path, "--yes")

    assert refused.exit_code == 1
    assert "orders.csv: Line 2 (3/4/2030) may be day first or month first" in refused.output
    assert run(environment, "import", path, "--yes", "--date-format", "mdy").exit_code == 0
    assert rows(environment) == [(40, 0, "2030-03-04", "expected")]


def test_of_several_shops_one_must_be_named(environment: dict[str, str], tmp_path: Path) -> None:
    with opened(environment) as session:
        installed_shop(session, TOWELS)
        session.commit()
    path = file_of(tmp_path, LINE)

    assert f"Connected: {MUGS}, {TOWELS}." in run(environment, "import", path, "--yes").output
    assert run(environment, "import", path, "--yes", "--shop", MUGS).exit_code == 0
    assert len(rows(environment)) == 1


def test_an_arrival_is_changed_received_and_closed_short(environment: dict[str, str]) -> None:
    run(environment, "add", MUGS, "MUG-BLUE", "--quantity", "40", "--on", "2030-12-05")

    changed = run(environment, "edit", MUGS, "1", "--quantity", "30", "--on", "2030-12-09")
    part = run(environment, "receive", MUGS, "1", "--quantity", "12")
    closed = run(environment, "receive", MUGS, "1", "--final")

    assert "30 on 2030-12-09" in changed.output
    assert "12 of 30 received." in part.output
    assert "No more units are expected." in closed.output
    assert rows(environment) == [(30, 12, "2030-12-09", "received")]
    with opened(environment) as session:
        told = [
            (one.kind, one.before, one.after, one.why)
            for one in session.scalars(sa.select(Event).order_by(Event.id))
        ]
    assert told[-1] == (
        "arrival received",
        "30 on 2030-12-09, 12 landed",
        "30 on 2030-12-09, 12 landed, received",
        "by the command line",
    )


def test_a_cancelled_arrival_is_listed_only_when_all_are_asked_for(environment: dict[str, str]) -> None:
    run(environment, "add", MUGS, "MUG-BLUE", "--quantity", "40", "--on", "2030-12-05")

    assert run(environment, "cancel", MUGS, "1").exit_code == 0

    assert rows(environment) == [(40, 0, "2030-12-05", "cancelled")]
    assert "MUG-BLUE" not in run(environment, "list", MUGS).output
    assert "MUG-BLUE" in run(environment, "list", MUGS, "--all").output


def test_what_shopify_tells_is_changed_in_shopify(environment: dict[str, str]) -> None:
    run(environment, "add", MUGS, "MUG-BLUE", "--quantity", "40", "--on", "2030-12-05")
    with opened(environment) as session:
        row = session.scalars(sa.select(ArrivalRow)).one()
        row.source, row.reference, row.updated_at = "shopify", "#S0001", NOW
        session.commit()

    for command in (("edit", "--quantity", "1"), ("receive",), ("cancel",)):
        refused = run(environment, command[0], MUGS, "1", *command[1:])
        assert "is shipment #S0001 in Shopify" in refused.output
    assert rows(environment) == [(40, 0, "2030-12-05", "expected")]


def test_a_token_for_other_systems_is_shown_once(environment: dict[str, str]) -> None:
    first, second = (
        CliRunner().invoke(main, ["api-token", MUGS], env=environment).output.split()[-1]
        for _ in range(2)
    )

    assert first.startswith("backline_")
    assert first != second


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--quantity", "4", "--on", "9999-12-31"), "9999-12-31 is what systems write for no date"),
        (("--quantity", "4", "--on", "2098-12-05"), "2098-12-05 is more than 10 years ahead"),
        (("--quantity", "4", "--on", "0000-00-00"), "0000-00-00 is what systems write for no date"),
        (("--quantity", "4", "--on", "soon"), "'soon' is not a day"),
        (("--quantity", "9" * 30, "--on", "2030-12-05"), "1<=x<=1000000000"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_anything_changes(
    environment: dict[str, str], words: tuple[str, ...], complaint: str
) -> None:
    result = run(environment, "add", MUGS, "MUG-BLUE", *words)

    assert (result.exit_code, complaint in result.output) == (2, True), result.output
    assert rows(environment) == []


def test_a_number_that_no_arrival_has_is_refused(environment: dict[str, str]) -> None:
    result = run(environment, "receive", MUGS, str(2**63))

    assert result.exit_code == 2
