"""Starting where something is missing: one sentence, what to do, and an exit code."""

import errno
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app.cli import main
from app.cli.group import Group
from app.db import migrate
from app.explaining import explain, tell_of_missing_tables
from app.services import open_engine
from app.starting import demo_folder

SECRETS = {
    "SECRET_KEY": "a-key-for-tests-alone-0123456789-abc",
    "ENCRYPTION_KEYS": "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=",
}
NO_DATABASE = SECRETS | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}
COMMANDS = ("shops list", "release", "up", "web", "worker", "clock", "staff list x", "supply list x")


def run(tmp_path: Path, command: str, **environment: str) -> tuple[int, str]:
    """The exit code of a command and what it said."""
    told = {"BACKLINE_HOME": str(tmp_path / "home"), "DATABASE_URL": "", "REDIS_URL": "", **environment}
    result = CliRunner().invoke(main, command.split(), env=told)
    assert "Traceback" not in result.output
    return result.exit_code, result.output.strip()


def test_what_every_command_waits_for_is_click_alone() -> None:
    code = "import sys, app.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "click" in loaded
    assert loaded.isdisjoint({"alembic", "flask", "pydantic", "redis", "requests", "rich", "sqlalchemy"})


@pytest.mark.parametrize("group", [main, main.load("supply")])
def test_lists_of_commands_say_what_the_commands_say_themselves(group: Group) -> None:
    for name, listed in group.commands.items():
        command = group.load(name)
        assert command.name == name
        assert listed.get_short_help_str(200) == command.get_short_help_str(200)


@pytest.mark.parametrize("command", ["shops list", "release", "up", "staff list x", "supply list x"])
def test_without_a_database_a_command_says_so(tmp_path: Path, command: str) -> None:
    code, said = run(tmp_path, command, **NO_DATABASE)

    assert code == 69
    assert said.startswith("Error: The database can't be used: connection failed")
    assert said.endswith("Start it, or correct DATABASE_URL.")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "url", ["nonsense", "redis://", "redis://h:x/0", "http://h", "rediss://h:99999", "unix://"]
)
def test_an_address_of_redis_that_is_none_is_refused(tmp_path: Path, command: str, url: str) -> None:
    code, said = run(tmp_path, command, REDIS_URL=url)

    assert code == 78
    assert said == (
        "Error: The environment can't be used. REDIS_URL: must look like redis://:password@host:6379/0, "
        "rediss://… or unix:///path"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / "home"

    code, said = run(tmp_path, command, BACKLINE_HOME=str(home), REDIS_URL="redis://127.0.0.1:1/0")

    assert code == 73
    assert f"{tmp_path / 'file'}" in said
    assert said.endswith("Let this user write there, or set BACKLINE_HOME to a folder of its own.")


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """No file of the process may grow: what a quota does, and what a full disk looks like."""
    told = {**os.environ, "BACKLINE_HOME": str(tmp_path / "home"), "DATABASE_URL": "", "REDIS_URL": ""}
    words = ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-m", "app.cli", "up"]
    ended = subprocess.run(words, env=told, capture_output=True, text=True, check=False, timeout=60)

    assert (ended.returncode, ended.stderr.count("\n")) == (73, 1)
    assert ended.stderr.startswith("Error: ")
    assert "can't be written: File too large. Free some room there" in ended.stderr


def test_too_many_open_files_are_named() -> None:
    refusal = explain(OSError(errno.EMFILE, "Too many open files"))

    assert refusal is not None
    assert (refusal.exit_code, "ulimit -n" in refusal.message) == (69, True)


@pytest.mark.parametrize("command", ["web", "worker", "clock"])
def test_a_process_that_needs_redis_names_the_setting(tmp_path: Path, command: str) -> None:
    code, said = run(tmp_path, command)

    assert (code, said.startswith("Error: REDIS_URL is not set.")) == (78, True)


@pytest.mark.parametrize("command", ["up", "web --local", "web"])
def test_a_port_that_is_taken_is_named_at_once(tmp_path: Path, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        redis = "" if command == "up" else "redis://127.0.0.1:1/0"

        code, said = run(tmp_path, command, PORT=port, REDIS_URL=redis)

    assert code == 69
    assert said == (
        f"Error: Port {port} is taken by another program, perhaps another Backline: stop that, or set "
        "PORT to a free one."
    )


def test_a_process_that_starts_before_the_migrations_says_so(tmp_path: Path) -> None:
    """It waits for them; one that can't ask now is told later what is wrong."""
    new = open_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    said: list[str] = []

    tell_of_missing_tables(new, said.append)
    assert "run `backline release`" in said.pop()

    migrate.upgrade(new)
    tell_of_missing_tables(new, said.append)
    tell_of_missing_tables(open_engine("postgresql+psycopg://x@127.0.0.1:1/x"), said.append)
    assert said == []
    new.dispose()


@pytest.fixture
def database(pg_engine: sa.Engine, request: pytest.FixtureRequest) -> str:
    """The address of an empty database, made with these words."""
    with pg_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS odd_one WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE odd_one TEMPLATE template0 {request.param}")
    return pg_engine.url.set(database="odd_one").render_as_string(hide_password=False)


@pytest.mark.parametrize("command", ["release", "up", "shops list"])
@pytest.mark.parametrize(
    "database", [f"ENCODING '{name}' LOCALE 'C'" for name in ("LATIN1", "SQL_ASCII")], indirect=True
)
def test_a_database_that_does_not_hold_every_character_is_refused(
    tmp_path: Path, database: str, command: str
) -> None:
    code, said = run(tmp_path, command, DATABASE_URL=database, **SECRETS)

    assert (code, said.startswith("Error: The database's encoding is ")) == (78, True)
    assert "--encoding=UTF8" in said


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE shops (id int)",
        "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('9999')",
    ],
)
@pytest.mark.parametrize("database", [""], indirect=True)
def test_a_database_of_somebody_else_is_named(tmp_path: Path, database: str, made: str) -> None:
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql(made)
    engine.dispose()

    told = {**os.environ, **SECRETS, "BACKLINE_HOME": str(tmp_path), "DATABASE_URL": database}
    words = [sys.executable, "-m", "app.cli", "shops", "list"]
    ended = subprocess.run(words, env=told, capture_output=True, text=True, check=False, timeout=60)

    code, said = ended.returncode, ended.stderr.strip()
    assert code == 78
    assert said.startswith("Error: The database is not Backline's, or not all of it: ")
    assert said.endswith("and run `backline release`.")


@pytest.mark.parametrize("url", ["https://", "https:///x", "ftp://h", "http:", "https://:443"])
def test_an_address_of_ours_without_a_host_is_refused(tmp_path: Path, url: str) -> None:
    code, said = run(tmp_path, "shops list", APP_URL=url)

    assert (code, "APP_URL: must begin with https://" in said) == (78, True)


def test_the_home_of_nobody_is_refused(tmp_path: Path) -> None:
    code, said = run(tmp_path, "shops list", BACKLINE_HOME="~nobody-of-this-name/x")

    assert (code, "BACKLINE_HOME: ~nobody-of-this-name/x names a user" in said) == (78, True)


def test_the_version_is_told(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--version")

    assert (code, said.split()[0]) == (0, "backline,")


def test_a_database_of_a_newer_build_is_left_as_it_is(tmp_path: Path) -> None:
    """Whoever goes back to the build before must be able to work."""
    url = f"sqlite:///{tmp_path / 'backline.sqlite3'}"
    engine = open_engine(url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    code, said = run(tmp_path, "release", DATABASE_URL=url)

    assert (code, said) == (0, "A newer Backline has been here: the database is left as it is.")
    assert not migrate.upgrade(engine)
    assert run(tmp_path, "shops list", DATABASE_URL=url)[0] == 0
    engine.dispose()


def test_the_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "backline.sqlite3"
    file.touch(mode=0o644)

    run(tmp_path, "release", DATABASE_URL=f"sqlite:///{file}")

    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("backline.sqlite3*")} == {0o600}


def test_a_second_demo_has_a_folder_of_its_own(tmp_path: Path) -> None:
    with demo_folder(tmp_path) as first, demo_folder(tmp_path) as second:
        pass
    with demo_folder(tmp_path) as third:
        pass

    assert (first.name, second.name, third.name) == ("demo", "demo-2", "demo")


@contextmanager
def running_up(environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """`backline up`, until the block ends."""
    command = [sys.executable, "-m", "app.cli", "up"]
    told = os.environ | environment | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=told, stdout=-1, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=60)


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """What it says until these words come."""
    assert process.stdout is not None
    told = ""
    while words not in told:
        line = process.stdout.readline()
        assert line, told
        told += line
    return told


def find(home: Path, words: str) -> int:
    """The process that was told this BACKLINE_HOME and has these words in its command."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                continue
            if f"BACKLINE_HOME={home}\0".encode() in environment and words.encode() in command:
                return int(folder.name)
        time.sleep(0.05)
    pytest.fail(f"no process {words}")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="only Linux says which process is whose")
def test_what_ends_under_up_is_started_again_and_said(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    told = {
        "BACKLINE_HOME": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "", "PORT": port,
        "APP_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    with running_up(told) as up:
        read_until(up, "Backline is up.")
        worker = find(tmp_path, "-m workers")
        assert run(tmp_path, "up", **told)[0] == 69
        os.kill(worker, 9)
        told_of_worker = read_until(up, "started again in 1 s.")
        (server,) = [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if b"redis-server" in _read(path) and str(tmp_path).encode() in _link(path.parent / "cwd")
        ]
        os.kill(server, 9)
        told_of_redis = read_until(up, "Redis answers: work goes on.")

        assert "The worker process ended with -9" in told_of_worker
        assert "Redis ended" in told_of_redis
        assert find(tmp_path, "-m workers") != worker


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _link(path: Path) -> bytes:
    try:
        return os.readlink(path).encode()
    except OSError:
        return b""
