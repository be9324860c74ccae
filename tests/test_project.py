"""The promises that no single module can keep: what is written in two places agrees."""

import ast
import importlib.metadata
import io
import logging
import os
import pkgutil
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from redis.exceptions import AuthenticationError

from app.logs import configure_logs, redact_secrets
from app.platforms.registry import PLATFORMS
from app.services import EmbeddedRedis, open_engine, open_redis
from app.settings import Settings, SettingsError, environment_names, load_settings

ROOT = Path(__file__).parents[1]
GENERATED = {"var", ".venv", "build", "dist", "node_modules"}


def _sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _texts() -> Iterator[tuple[Path, str]]:
    """Every text file that belongs to the project."""
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [
            name
            for name in subfolders
            if name == ".ci"
            or not (name in GENERATED or name.startswith(".") or name.endswith(".egg-info"))
        ]
        for name in names:
            try:
                yield Path(folder, name), Path(folder, name).read_text()
            except UnicodeDecodeError:
                continue


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


# What the project consists of


def test_the_example_environment_lists_every_setting() -> None:
    assert sorted(_example()) == sorted(environment_names().values())


def test_the_example_environment_shows_the_defaults(tmp_path: Path) -> None:
    example = _example() | {"BACKLINE_HOME": str(tmp_path)}

    assert load_settings(example) == load_settings({"BACKLINE_HOME": str(tmp_path)})


def test_imports_point_down_only() -> None:
    """The contracts are in pyproject.toml."""
    lint_imports = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_core_imports_the_standard_library_alone() -> None:
    """The contract in pyproject.toml can name only libraries that are known; this is the rest."""
    imported = {
        (path.name, name)
        for path in _sources("app/core")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
    }

    outside = {
        (file, name)
        for file, name in imported
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("app.core")
    }
    assert imported
    assert not outside


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case _:
            return []


# A platform's own way in, and the words of rows, which say "shopify" for any shop's own goods.
OF_ONE_PLATFORM = {"app/core/states.py", *(f"app/web/install_{name}.py" for name in PLATFORMS)}

FOLDERS = tuple(f"app.platforms.{name}" for name in PLATFORMS)


def _names_of_platforms(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Constant(value=str(text)) if text in PLATFORMS:
                yield f"{path}:{node.lineno} {text!r}"
            case ast.Attribute(attr=attr) if attr.partition("_")[0] in PLATFORMS:
                yield f"{path}:{node.lineno} .{attr}"
            case ast.ImportFrom(module=str(module)) if module.startswith(FOLDERS):
                yield f"{path}:{node.lineno} from {module}"


def test_shared_code_asks_for_no_platform_by_its_name() -> None:
    """What differs is a row in the registry, so that a third platform changes nothing else."""
    own = (ROOT / "app/platforms", ROOT / "app/sandbox", ROOT / "app/db/migrations")
    shared = (
        path
        for path in _sources("app", "workers")
        if not any(path.is_relative_to(folder) for folder in own)
        and str(path.relative_to(ROOT)) not in OF_ONE_PLATFORM
    )

    assert [name for path in shared for name in _names_of_platforms(path)] == []


def test_no_page_that_all_shops_share_names_a_platform() -> None:
    """It would say "Shopify" to whoever sells elsewhere; `PlatformKind.title` is what to say."""
    titles = [kind.title for kind in PLATFORMS.values()]
    named = []
    for path in sorted((ROOT / "app/web/templates").iterdir()):
        if path.name.partition("_")[0] in PLATFORMS:
            continue
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        named += [f"{path.name}: {title}" for title in titles if title in text]
    for path in _sources("app/web/pages"):
        named += [
            f"{path.name}: {text}" for text in _said(path) if any(title in text for title in titles)
        ]
    assert named == []


def _said(path: Path) -> Iterator[str]:
    """Texts of a module, but for its docstrings."""
    tree = ast.parse(path.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_every_module_compiles() -> None:
    for path in _sources("app", "workers"):
        compile(path.read_text(), path, "exec")


def test_every_attack_that_the_docs_name_is_tried() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "attacks.md").read_text()))
    written = set()
    for path in _sources("tests"):
        written |= set(re.findall(r"^def (test_\w+)\(", path.read_text(), re.M))

    assert len(named) > 40
    assert named - written == set()


def test_no_module_and_no_function_is_too_long_to_be_taken_in() -> None:
    """400 and 40 lines. What old migrations did is not rewritten."""
    long = []
    for path in _sources("app", "workers"):
        name, source = path.relative_to(ROOT), path.read_text()
        if source.count("\n") > 400:
            long.append(f"{name}")
        if "versions" in name.parts:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                long += [f"{name}:{node.lineno} {node.name}"] if lines > 40 else []
    assert long == []


def test_no_file_names_a_package_index() -> None:
    """Where packages come from is the machine's business."""
    index = re.compile(
        r"index[-_]url|find[-]links|trusted[-]host|pypi[.]org/simple|python[h]osted", re.I
    )

    assert [str(path) for path, text in _texts() if index.search(text)] == []


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
def test_every_dependency_is_pinned(python: str) -> None:
    """Those of pyproject.toml, and theirs: some are needed by older Pythons alone."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {canonicalize_name(line.split("==")[0]) for line in lines if not line.startswith("#")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["demo"], *extras["dev"]]

    found = _with_dependencies([Requirement(line) for line in wanted], python)

    assert found - {project["name"]} - pinned == set()


def _with_dependencies(requirements: list[Requirement], python: str) -> set[str]:
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    waiting = requirements[:]
    seen: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        waiting += [
            each
            for each in _requirements(requirement.name)
            for extra in ["", *requirement.extras]
            if each.marker is None or each.marker.evaluate({**environment, "extra": extra})
        ]
    return {canonicalize_name(Requirement(line).name) for line in seen}


def _requirements(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in importlib.metadata.requires(name) or []]
    except importlib.metadata.PackageNotFoundError:
        return []  # needed by another Python than this one


def test_production_runs_release_web_worker_and_clock() -> None:
    from app.cli import main  # noqa: PLC0415 -- the other tests of this file need no command line

    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ", 1) for line in lines)

    assert list(processes) == ["release", "web", "worker", "clock"]
    commands = [command.split() for command in processes.values()]
    assert {program for program, *_ in commands} == {"backline"}
    assert {command for _, command, *_ in commands} <= set(main.commands)


def test_every_job_queued_by_name_exists() -> None:
    """The web does not import the workers, so a misspelt name would fail only in production."""
    names = {
        node.value
        for path in _sources("app", "workers")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"workers(\.\w+)+", node.value)
    }

    assert any(callable(pkgutil.resolve_name(name)) for name in names)
    for name in names:
        pkgutil.resolve_name(name)


# What few shops use, or commands and pages alone. A worker that has loaded it holds it all day.
_NOT_IN_A_WORKER = {
    *(
        "alembic",
        "app.cli",
        "app.doctor",
        "app.explaining",
        "app.local",
        "app.sandbox",
        "app.starting",
        "app.web",
    ),
    *("app.pipeline.edi", "app.pipeline.feeds.run", "app.pipeline.feeds.sftp", "app.pipeline.files"),
    *("click", "flask", "granian", "holidays", "paramiko", "prometheus_client", "pydifact"),
    *("python_calamine", "pyx12", "werkzeug"),
}


def test_a_worker_starts_without_what_few_of_its_jobs_use() -> None:
    code = "import sys, workers.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "app.pipeline.write_back" in loaded
    assert {name for name in _NOT_IN_A_WORKER if name in loaded} == set()


def test_who_keeps_rows_loads_nothing_that_platforms_are_reached_with() -> None:
    """An import of 100,000 lines needs 30 MB less."""
    code = "import sys, app.db.shops, app.db.preferences; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert {"shopify", "requests", "app.platforms.registry"}.isdisjoint(done.stdout.split())


# Settings


def test_secrets_made_on_this_machine_are_kept_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"

    first = load_settings({"BACKLINE_HOME": str(home)})
    second = load_settings({"BACKLINE_HOME": str(home)})

    assert first.secret_key
    assert (first.secret_key, first.encryption_keys) == (second.secret_key, second.encryption_keys)
    assert [path.name for path in home.iterdir()] == ["secrets.json"]
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR


def test_machines_that_share_a_database_must_be_given_their_secrets(tmp_path: Path) -> None:
    shared = {"BACKLINE_HOME": str(tmp_path), "DATABASE_URL": "postgres://db.test/backline"}

    with pytest.raises(SettingsError, match="SECRET_KEY and ENCRYPTION_KEYS must be set"):
        load_settings(shared)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too easy to guess: `backline secrets`"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY is too easy to guess"),
        ({"SECRET_KEY_PREVIOUS": "short"}, "SECRET_KEY_PREVIOUS is too easy to guess"),
        ({"SHOPIFY_CLIENT_SECRET": ""}, "SHOPIFY_CLIENT_SECRET is missing"),
        ({"BIGCOMMERCE_CLIENT_SECRET": ""}, "BIGCOMMERCE_CLIENT_SECRET is missing"),
        ({"SECRET_KEY": "", "DATABASE_URL": "postgres://db.test/backline"}, "`backline secrets`"),
        ({"ENCRYPTION_KEYS": "", "DATABASE_URL": "postgres://db.test/backline"}, "`backline secrets`"),
        ({"ENCRYPTION_KEYS": "weak"}, "`backline secrets`"),
    ],
)
def test_production_does_not_start_with_weak_or_missing_secrets(
    tmp_path: Path, settings: Settings, variables: dict[str, str], words: str
) -> None:
    good = {
        "BACKLINE_HOME": str(tmp_path),
        "APP_URL": "https://backline.test",
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": settings.encryption_keys[0],
        "SHOPIFY_CLIENT_ID": "id",
        "SHOPIFY_CLIENT_SECRET": "secret",
        "BIGCOMMERCE_CLIENT_ID": "id",
        "BIGCOMMERCE_CLIENT_SECRET": "secret",
    }
    load_settings(good)

    with pytest.raises(SettingsError, match=re.escape(words)) as refusal:
        load_settings(good | variables)

    assert "weak" not in str(refusal.value).replace("weak or", "")


def test_the_secrets_that_are_printed_are_good_enough_for_production(tmp_path: Path) -> None:
    from click.testing import CliRunner  # noqa: PLC0415 -- as above

    from app.cli import main  # noqa: PLC0415 -- as above

    printed = CliRunner().invoke(main, ["secrets"]).output
    variables = dict(line.split("=", 1) for line in printed.splitlines())

    made = load_settings(
        {"BACKLINE_HOME": str(tmp_path), "DATABASE_URL": "postgres://db.test/backline", **variables}
    )

    assert list(variables) == ["SECRET_KEY", "ENCRYPTION_KEYS"]
    assert made.secret_key == variables["SECRET_KEY"]


def test_a_damaged_secrets_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"secret_key": "half')

    with pytest.raises(SettingsError, match="restore it"):
        load_settings({"BACKLINE_HOME": str(tmp_path)})

    assert (tmp_path / "secrets.json").read_text() == '{"secret_key": "half'


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://db.test/backline"),
        ("APP_URL", "backline.test"),
        ("PORT", "eighty"),
        ("SHOPIFY_BASE_URL", "http://127.0.0.1:9100"),
        ("SHOPIFY_API_VERSION", "latest"),
        ("ENCRYPTION_KEYS", "a-password"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name_and_not_repeated(
    tmp_path: Path, variable: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"{variable}: ") as refusal:
        load_settings({"BACKLINE_HOME": str(tmp_path), variable: value})

    assert value not in str(refusal.value)


def test_settings_shown_in_a_traceback_hold_no_secret(settings: Settings) -> None:
    shown = repr(settings)

    secrets = [settings.secret_key, *settings.encryption_keys, settings.shopify_client_secret]
    assert [secret for secret in secrets if secret in shown] == []


# Logs


@pytest.mark.parametrize(
    "said",
    [
        {"event": "refused shpat_1a2b3c"},
        {"event": "sent", "headers": {"X-Shopify-Access-Token": "1a2b3c"}},
        {"event": "sent", "headers": [("X-Auth-Token", "x"), "X-Auth-Token: 1a2b3c"]},
        {"event": 'answer {"access_token": "1a2b3c"}'},
        {"event": "GET /?access_token=1a2b3c&page=2"},
        {"event": "connect", "error": ValueError("redis://:1a2b3c@redis.test:6379/0")},
        {"event": "Authorization: Bearer 1a2b3c"},
        {"event": "Exception on /invitations/1a2b3c [GET]"},
        {"event": "GET /shops/1?page=2&pass=1a2b3c"},
    ],
)
def test_no_log_line_holds_a_token(said: dict[str, object]) -> None:
    shown = str(redact_secrets(None, "info", dict(said)))

    assert "1a2b3c" not in shown
    assert "[redacted]" in shown


@pytest.mark.parametrize("as_json", [True, False])
def test_a_librarys_traceback_holds_no_token(*, as_json: bool) -> None:
    root = logging.getLogger()
    before, stream = (root.handlers[:], root.level), io.StringIO()
    try:
        configure_logs(as_json=as_json)
        root.handlers[0].setStream(stream)  # type: ignore[attr-defined]
        error = ValueError("no shop takes shpat_1a2b3c")
        logging.getLogger("library").error("failed with %s", "shpat_1a2b3c", exc_info=error)
    finally:
        root.handlers[:], root.level = before

    assert "ValueError: no shop takes [redacted]" in stream.getvalue()
    assert "1a2b3c" not in stream.getvalue()


# Services


def test_sqlite_writers_that_read_first_wait_for_each_other(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new' / 'counter.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE counter (value INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    failures: list[Exception] = []

    def count() -> None:
        try:
            for _ in range(20):
                with engine.begin() as connection:
                    value = connection.exec_driver_sql("SELECT value FROM counter").scalar_one()
                    connection.exec_driver_sql("UPDATE counter SET value = ?", (value + 1,))
        except sa.exc.OperationalError as error:
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT value FROM counter").scalar_one() == 4 * 20
    engine.dispose()


def test_a_sqlite_reader_does_not_wait_for_the_writer(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'backline.sqlite3'}")
    reading = engine.execution_options(read_only=True)

    with engine.begin() as writer:
        writer.exec_driver_sql("CREATE TABLE unseen (value INTEGER)")
        with reading.connect() as reader:
            tables = sa.inspect(reader).get_table_names()

    assert tables == []
    engine.dispose()


def test_sqlite_keeps_a_savepoint_inside_its_transaction(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'backline.sqlite3'}")

    with engine.connect() as connection, connection.begin() as transaction:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE TABLE gone (value INTEGER)")
        transaction.rollback()

    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_the_embedded_redis_leaves_with_its_block(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, open_redis(server.url) as client:
        client.set("doorbell", "rung")
        pid = client.info("server")["process_id"]

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["redis.log"]


def test_the_embedded_redis_lets_nobody_in_without_its_password(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        without = re.sub(r"//:[^@]*@", "//", server.url)
        commands = b"".join(map(_command, Path("/proc").glob("[0-9]*/cmdline")))

        with open_redis(without) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
        assert server.url.split(":")[2].partition("@")[0].encode() not in commands


def _command(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""


def test_the_embedded_redis_comes_back_at_its_address(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        url, before = server.url, server.process_id
        assert before is not None
        os.kill(before, signal.SIGKILL)
        _wait_until_gone_or_dead(server)

        assert server.revive()
        with open_redis(url) as client:
            assert client.ping()


def _wait_until_gone_or_dead(server: EmbeddedRedis) -> None:
    give_up_at = time.monotonic() + 10
    while server.process_id is not None and time.monotonic() < give_up_at:
        time.sleep(0.02)
    assert server.process_id is None


def test_the_embedded_redis_does_not_outlive_a_killed_process(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app.services import EmbeddedRedis\n"
        "with EmbeddedRedis(Path(sys.argv[1])) as server: print(server.url, flush=True); input()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        with open_redis(process.stdout.readline().strip()) as client:
            pid = client.info("server")["process_id"]
        process.kill()

    _wait_until_gone(pid)


def _wait_until_gone(pid: int) -> None:
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there")
