"""Other builds of Backline: the one before this one's newest migration, and the one after the next."""

import re
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

ROOT = Path(__file__).parents[2]
_FOLDER = "app/db/migrations/versions"
_REVISION = re.compile(r'^revision = "(\w+)"\ndown_revision = "?(\w+)"?', re.MULTILINE)
_LOCK_S = 2


def need_build_before(folder: Path) -> Path:
    """The newest build that did not know our newest migration, unpacked into `folder`. A release without
    its history has none: the test is skipped."""
    commit = _commit_before()
    if commit is None:
        pytest.skip("the history of this checkout does not reach back to the build before")
    packed = folder / "before.tar"
    folder.mkdir(parents=True, exist_ok=True)
    _git("archive", "--format=tar", f"--output={packed}", commit, "app", "workers")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    packed.unlink()
    return folder


def _commit_before() -> str | None:
    """Migrations that were made at once were chained anew: what counts is which ones a build had, all
    that lead to one of ours and no other, in one chain, without which nobody could run it. A build may
    bring several."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return None
    ours = _chain("\n".join(path.read_text() for path in (ROOT / _FOLDER).glob("*.py")))
    for commit in _git("log", "--format=%H", "--", _FOLDER).split():
        said = _git("grep", "-hE", "^(down_)?revision = ", f"{commit}^", "--", _FOLDER)
        had = _chain(said)
        is_one_chain = len(had) == len(_REVISION.findall(said))
        if had and is_one_chain and had == ours[: len(had)] and len(had) < len(ours):
            return f"{commit}^"
    return None


def _chain(text: str) -> list[str]:
    """The revisions that are named, oldest first."""
    after = {before: name for name, before in _REVISION.findall(text)}
    chain: list[str] = []
    while (following := after.get(chain[-1] if chain else "None")) is not None:
        chain.append(following)
    return chain


def _git(*words: str) -> str:
    """What git says; nothing where the history does not reach so far."""
    command = [shutil.which("git") or "git", "-C", str(ROOT), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout


def migrate_ahead(url: str) -> None:
    """What a next migration may do, to every table at once, while everybody is at work: columns that
    need no value, a table that knows of others, an index. It waits for nobody for long, so that nobody
    waits for it."""
    engine = sa.create_engine(url)
    names = [one for one in sa.inspect(engine).get_table_names() if one != "alembic_version"]
    for name in names:
        _run(engine, f'ALTER TABLE "{name}" ADD COLUMN since_then text')
        _run(engine, f'ALTER TABLE "{name}" ADD COLUMN how_often integer NOT NULL DEFAULT 0')
        _run(engine, f'CREATE INDEX ON "{name}" (how_often)')
    _run(engine, "CREATE TABLE thereafter (shop_id integer REFERENCES shops (id) ON DELETE CASCADE)")
    _run(engine, "UPDATE alembic_version SET version_num = 'next'")
    engine.dispose()


def _run(engine: sa.Engine, statement: str) -> None:
    give_up_at = time.monotonic() + 60
    while True:
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_S}s'")
                connection.exec_driver_sql(statement)
        except sa.exc.OperationalError:
            if time.monotonic() > give_up_at:
                raise
        else:
            return
