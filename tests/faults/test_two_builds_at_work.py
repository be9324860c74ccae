"""A deployment, as processes: the build before works on beside this one and its migration, and this one
on a database that a later one has migrated already."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.faults.builds import migrate_ahead, need_build_before
from tests.faults.campaign import Campaign, campaign
from tests.faults.strikes import STRIKES, Strike

EVERYTHING = ("web", "clock", "worker-1", "worker-2")


def found(played: Campaign) -> list[str]:
    """What is wrong at rest."""
    return [*played.problems(), *played.doubled()]


def test_the_build_before_works_beside_this_one_and_its_migration(tmp_path: Path) -> None:
    """A deployment backward: one worker first, then everything; and forward again."""
    before = need_build_before(tmp_path / "before")
    with campaign(0, tmp_path / "home") as played:

        def deploy(folder: Path | None, *names: str) -> Strike:
            return partial(deployed, folder=folder, names=names)

        played.play({"one worker of the build before": deploy(before, "worker-1")})
        played.play({"all of the build before": deploy(before, *EVERYTHING)})
        played.play({"this build again": deploy(None, *EVERYTHING)})

        assert found(played) == []


@contextmanager
def deployed(played: Campaign, *, folder: Path | None, names: tuple[str, ...]) -> Iterator[None]:
    """Processes of another build take the place of those that ran."""
    for name in names:
        played.host.retire(name)
        played.host.folders[name] = folder
        played.host.start(name)
    played.wait_for_processes(workers=2)
    yield


def test_this_build_works_on_a_database_that_a_later_one_has_migrated(tmp_path: Path) -> None:
    """While it runs, and when it starts again."""
    with campaign(1, tmp_path / "home") as played:
        url = played.postgres.url

        @contextmanager
        def migrated(_: Campaign) -> Iterator[None]:
            migrate_ahead(url)
            yield

        played.play({"a later build's migration": migrated})
        played.play({"host restarted": STRIKES["host restarted"]})

        assert found(played) == []
