"""What time it is: the database's, whatever the clocks of our machines say."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import services
from app.db import shops
from app.services import open_engine
from app.shared_clock import SharedClock
from tests.builders import installed_shop

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


@dataclass
class Machine:
    """A machine whose own clock is ahead by so much, and which has been up for a while."""

    ahead_s: float = 0
    passed_s: float = 0
    clock: SharedClock = field(init=False)

    def __post_init__(self) -> None:
        """Its processes' clock."""
        self.clock = SharedClock(
            wall=lambda: NOON + self.ahead_s + self.passed_s, steady=lambda: 4711 + self.passed_s
        )

    def hear(self, *, late_s: float = 0) -> None:
        """The database says what time it is."""
        self.clock.hear(NOON + self.passed_s - late_s)

    @property
    def off_s(self) -> float:
        """How far what we take for now is off."""
        return self.clock().timestamp() - NOON - self.passed_s


def test_machines_whose_clocks_differ_mean_the_same_moment() -> None:
    machines = [Machine(ahead_s=300), Machine(ahead_s=-7200), Machine()]

    for machine in machines:
        machine.hear()
        machine.passed_s = 90

    assert [machine.off_s for machine in machines] == [0, 0, 0]


@pytest.mark.parametrize("step_s", [-3 * 3600, 3 * 3600])
def test_a_clock_that_is_set_while_we_run_changes_nothing(step_s: float) -> None:
    machine = Machine()
    machine.hear()

    machine.ahead_s = step_s

    assert machine.off_s == 0
    machine.hear()
    assert machine.clock.ahead_s == step_s


def test_without_a_server_the_machines_own_clock_counts() -> None:
    assert Machine(ahead_s=300).off_s == 300


def test_a_machine_that_slept_goes_by_what_it_hears_next() -> None:
    """Its steady clock stood still."""
    machine = Machine()
    machine.hear()

    machine.clock.hear(NOON + 5 * 3600)

    assert machine.off_s == 5 * 3600


def test_time_does_not_go_back_for_an_answer_that_was_slow() -> None:
    machine = Machine()
    machine.hear()

    machine.hear(late_s=0.9)

    assert machine.off_s == 0


def test_the_server_is_asked_at_each_new_connection_and_now_and_then(
    pg_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[float] = []
    url = pg_engine.url.render_as_string(hide_password=False)
    engine = open_engine(url, connections=1, hear=heard.append)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
    with engine.connect() as connection:
        truth = connection.scalar(sa.text("SELECT now()"))
    assert len(heard) == 1

    monkeypatch.setattr(services, "_HEAR_EVERY_S", 0.0)
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.text("SELECT 1"))
    engine.dispose()

    assert len(heard) == 2
    assert truth is not None
    assert abs(truth.timestamp() - heard[0]) < 60


def test_a_machine_whose_clock_is_ahead_takes_no_shop_from_another(clean_pg: sa.Engine) -> None:
    """Its own clock would tell it that the other's lease is long over."""
    url = clean_pg.url.render_as_string(hide_password=False)
    here, ahead = Machine(), Machine(ahead_s=300)
    engines = [open_engine(url, hear=machine.clock.hear) for machine in (here, ahead)]
    with Session(engines[0]) as session, session.begin():
        session.connection()
        shop_id = installed_shop(session).id
        assert shops.take_lease(session, shop_id, "here", now=here.clock())

    with Session(engines[1]) as session, session.begin():
        session.connection()
        taken = shops.take_lease(session, shop_id, "ahead", now=ahead.clock())

    assert not taken
    for engine in engines:
        engine.dispose()
