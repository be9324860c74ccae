"""`backline supply feed`: all that the pages of feeds do."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from app.cli import main
from app.db.models import FeedRow
from app.pipeline.feeds.source import open_login
from app.settings import load_settings
from tests.builders import installed_shop
from tests.test_supply_commands import MUGS, opened

ADDRESS = "https://files.example/po.csv?key=secret"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtbXQ5k4gQhV5ZoHnwJ0bq1mO7t7zX1z6o5rVw6wQ0S"


@pytest.fixture
def environment(tmp_path: Path, migrated_file: Path) -> dict[str, str]:
    """A machine with a shop."""
    shutil.copy(migrated_file, tmp_path / "backline.sqlite3")
    environment = {
        "BACKLINE_HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'backline.sqlite3'}",
        "APP_URL": "https://backline.test",
        "COLUMNS": "150",
    }
    with opened(environment) as session:
        installed_shop(session, MUGS)
        session.commit()
    return environment


def run(environment: dict[str, str], *words: str, answer: str = "") -> Result:
    """The command as typed."""
    return CliRunner().invoke(main, ["supply", "feed", *words], env=environment, input=answer)


def add(environment: dict[str, str], *words: str, answer: str = "") -> None:
    """A feed called Potters."""
    result = run(environment, "add", MUGS, "Potters", ADDRESS, *words, answer=answer)
    assert result.exit_code == 0, result.output


def feed(environment: dict[str, str]) -> FeedRow | None:
    """The only one."""
    with opened(environment) as session:
        return session.scalar(sa.select(FeedRow))


def change(environment: dict[str, str], **values: object) -> None:
    """What a worker found out."""
    with opened(environment) as session:
        session.execute(sa.update(FeedRow).values(**values))
        session.commit()


def known(environment: dict[str, str]) -> FeedRow:
    """The only one, which is there."""
    found = feed(environment)
    assert found is not None
    return found


def test_a_feed_begins_on_trial_and_shows_no_secret(environment: dict[str, str]) -> None:
    add(environment, "--every", "6", "--mail-to", "ann@example.com", "--complete")

    found = known(environment)
    assert (found.state, found.every_hours, found.mail_to) == ("trial", 6, "ann@example.com")
    assert found.options == {"is_complete": True}
    assert found.due_at is not None
    listed = run(environment, "list", MUGS).output
    assert "Potters" in listed
    assert "secret" not in listed + run(environment, "show", MUGS, "potters").output


def test_a_password_is_asked_for_and_sealed(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(environment, "--user", "ann", "--password", answer="hunter2\n")

    found = known(environment)
    assert "hunter2" not in found.sealed
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    login = open_login(found, load_settings().encryption_keys)
    assert (login.url, login.user, login.password) == (ADDRESS, "ann", "hunter2")


def test_what_is_left_out_of_a_change_stays(environment: dict[str, str]) -> None:
    add(environment, "--complete", "--valid-lines")

    result = run(environment, "edit", MUGS, "Potters", "--date-format", "dmy", "--every", "168")

    assert result.exit_code == 0, result.output
    found = known(environment)
    assert found.options == {"is_complete": True, "date_order": "dmy"}
    assert (found.name, found.every_hours, found.takes_good_lines) == ("Potters", 168, True)


@pytest.mark.parametrize(
    ("command", "state", "is_due"),
    [("start", "on", True), ("pause", "off", False), ("trial", "trial", True)],
)
def test_a_feed_is_started_and_paused(
    environment: dict[str, str], command: str, state: str, is_due: bool
) -> None:
    add(environment)

    assert run(environment, command, MUGS, "Potters").exit_code == 0

    assert (known(environment).state, known(environment).due_at is not None) == (state, is_due)


def test_a_feed_is_read_at_once_by_a_worker(environment: dict[str, str]) -> None:
    add(environment)
    change(environment, due_at=None, files={"po.csv": [1, 2, "refused"]})

    assert run(environment, "run", MUGS, "Potters").exit_code == 0

    assert known(environment).due_at is not None
    assert known(environment).files == {"po.csv": [1, 2, "ready"]}


def test_the_last_run_is_shown_with_each_line_that_cannot_be_used(environment: dict[str, str]) -> None:
    add(environment)
    counts = dict.fromkeys(
        ("new", "changed", "unchanged", "not_coming", "cancelled", "received", "waiting", "undated"), 0
    )
    report = {"file": "po.csv", **counts, "bad": 1, "notes": ["Read as UTF-8."]}
    change(environment, outcome="failed", report={**report, "bad_lines": [[7, "no quantity"]]})

    shown = run(environment, "show", MUGS, "Potters").output

    assert "Failed; nothing was imported" in shown
    assert "1 invalid" in shown
    assert "line 7: no quantity" in shown


def test_a_host_key_is_confirmed_only_as_it_was_shown(environment: dict[str, str]) -> None:
    add(environment)
    change(environment, offered_host_key=KEY)

    wrong = run(environment, "confirm", MUGS, "Potters", "ssh-ed25519 AAAA")
    right = run(environment, "confirm", MUGS, "Potters", KEY)

    assert "not the key that the server showed" in wrong.output
    assert right.exit_code == 0, right.output
    assert known(environment).host_key == KEY


def test_the_file_that_was_refused_can_be_saved(environment: dict[str, str], tmp_path: Path) -> None:
    add(environment)
    none = run(environment, "save", MUGS, "Potters", str(tmp_path / "po.csv"))
    change(environment, held_name="po.csv", held_content=b"a,b\n")

    assert run(environment, "save", MUGS, "Potters", str(tmp_path / "po.csv")).exit_code == 0

    assert "No file of this feed was refused" in none.output
    assert (tmp_path / "po.csv").read_bytes() == b"a,b\n"


def test_a_removed_feed_is_gone(environment: dict[str, str]) -> None:
    add(environment)

    assert run(environment, "remove", MUGS, "Potters").exit_code == 0

    assert feed(environment) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", MUGS, "Potters", "http://files.example/po.csv"), "begins with https:// or sftp://"),
        (("add", MUGS, "Potters", ADDRESS, "--mail-to", "ann"), "not an email address"),
        (("add", MUGS, " ", ADDRESS), "Type a name"),
        (("run", MUGS, "Weavers"), "has no feed called Weavers. Its feeds: none yet"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    environment: dict[str, str], words: tuple[str, ...], why: str
) -> None:
    result = run(environment, *words)

    assert result.exit_code == 1
    assert why in result.output
