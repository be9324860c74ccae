"""A deployment, as processes: the build before works on beside this one on the database that this one
has migrated, and this one on a database that a later one migrates meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.builds import migrate_ahead, need_build_before
from tests.faults.campaign import Campaign, campaign


def found(played: Campaign) -> list[str]:
    """What is wrong at rest."""
    return [*played.problems(), *played.doubled()]


def test_the_build_before_works_beside_this_one(tmp_path: Path) -> None:
    """Its web server keeps what our worker works off, and its worker is rung by our clock."""
    before = need_build_before(tmp_path / "before")
    with campaign(0, tmp_path / "home", folders={"web": before, "worker-1": before}) as played:
        played.play({})

        assert found(played) == []


def test_this_build_works_on_a_database_that_a_later_one_migrates(tmp_path: Path) -> None:
    """While it runs, and as a worker that is started afterward."""
    with campaign(1, tmp_path / "home") as played:
        played.play({"a later build's migration": migrated})

        assert found(played) == []


@contextmanager
def migrated(played: Campaign) -> Iterator[None]:
    """By a later build, beneath everybody at work; one worker is started anew."""
    migrate_ahead(played.postgres.url)
    played.host.retire("worker-1")
    played.host.start("worker-1")
    yield
