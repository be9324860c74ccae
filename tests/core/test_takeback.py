"""Settings that we change for a while: given back as they were, and left alone once others set them."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from app.core.takeback import (
    Act,
    Kept,
    SettingState,
    Value,
    Wanted,
    is_changed_by_others,
    next_act,
    without_writing,
)

OURS = Kept("CONTINUE", "DENY", "CONTINUE", SettingState.SET)
STOP = Wanted("DENY")


def test_what_we_set_is_given_back_when_its_reason_ends() -> None:
    assert next_act(OURS, "DENY", None) is Act.RESTORE


def test_what_somebody_else_set_is_left() -> None:
    assert next_act(OURS, "CONTINUE", STOP) is Act.LEAVE
    assert next_act(Kept("CONTINUE", "DENY", "CONTINUE", SettingState.LEFT), "CONTINUE", STOP) is (
        Act.NOTHING
    )


def test_once_its_reason_has_ended_a_setting_that_was_left_may_be_changed_again() -> None:
    left = Kept("CONTINUE", "DENY", "CONTINUE", SettingState.LEFT)

    assert next_act(left, "CONTINUE", None) is Act.FORGET
    assert next_act(None, "CONTINUE", STOP) is Act.SET


def test_what_stood_so_before_is_never_ours() -> None:
    assert next_act(None, "DENY", STOP) is Act.NOTHING


def test_a_write_whose_answer_never_came_is_known_by_what_stands() -> None:
    sent = Kept("CONTINUE", "DENY", "CONTINUE", SettingState.SETTING)

    assert next_act(sent, "DENY", STOP) is Act.CONFIRM
    assert next_act(sent, "CONTINUE", STOP) is Act.SET
    assert next_act(sent, "CONTINUE", None) is Act.FORGET
    assert next_act(sent, "DENY", None) is Act.RESTORE


def test_a_second_value_that_never_came_leaves_the_first_one_ours() -> None:
    moved = Kept(None, 7, 5, SettingState.SETTING)

    assert next_act(moved, 5, Wanted(7)) is Act.SET
    assert next_act(moved, 5, Wanted(5)) is Act.CONFIRM
    assert next_act(moved, 5, None) is Act.RESTORE
    assert next_act(moved, 6, Wanted(7)) is Act.LEAVE


def test_where_we_may_not_write_what_stands_of_ours_is_kept_and_what_never_came_is_not() -> None:
    sent = Kept("CONTINUE", "DENY", "CONTINUE", SettingState.SETTING)

    assert without_writing(Act.RESTORE, OURS, "DENY") is Act.CONFIRM
    assert without_writing(Act.SET, sent, "CONTINUE") is Act.FORGET
    assert without_writing(Act.SET, None, "CONTINUE") is Act.NOTHING
    assert without_writing(Act.LEAVE, OURS, "CONTINUE") is Act.LEAVE


@dataclass
class Platform:
    """A setting, what is kept of it, and who set it last."""

    value: Value
    kept: Kept | None = None
    theirs: Value = None
    told: list[Act] = field(default_factory=list)

    def look(self, wanted: Wanted | None, *, arrives: bool, answers: bool) -> None:
        """One look of ours, whose write may get lost on its way there, or its answer on the way back."""
        act = next_act(self.kept, self.value, wanted)
        self.told.append(act)
        before = self.value if self.kept is None else self.kept.before
        if act is Act.SET and wanted is not None:
            if self.kept is not None and self.kept.state is SettingState.RESTORING:
                before = self.kept.before
            self.kept = Kept(before, wanted.value, self.value, SettingState.SETTING)
            self._write(wanted.value, SettingState.SET, arrives=arrives, answers=answers)
        elif act is Act.RESTORE and self.kept is not None:
            self.kept = self.kept._replace(was=self.value, state=SettingState.RESTORING)
            self._write(self.kept.before, None, arrives=arrives, answers=answers)
        elif act is Act.CONFIRM and self.kept is not None:
            self.kept = self.kept._replace(ours=self.value, state=SettingState.SET)
        elif act is Act.LEAVE and self.kept is not None:
            self.kept = self.kept._replace(state=SettingState.LEFT)
        elif act is Act.FORGET:
            self.kept = None

    def _write(self, value: Value, state: SettingState | None, *, arrives: bool, answers: bool) -> None:
        if arrives:
            self.value = value
        if arrives and answers:
            self.kept = self.kept._replace(state=state) if state and self.kept else None


wishes = st.one_of(st.none(), st.integers(0, 3).map(Wanted))
looks = st.tuples(st.just("look"), wishes, st.booleans(), st.booleans())
people = st.just(("person",))


@given(st.one_of(st.none(), st.integers(0, 3)), st.lists(looks, max_size=12))
def test_whatever_gets_lost_all_is_as_it_was_once_nothing_is_wanted(
    first: Value, history: list[tuple[str, Wanted | None, bool, bool]]
) -> None:
    platform = Platform(first)
    for _, wanted, arrives, answers in history:
        platform.look(wanted, arrives=arrives, answers=answers)

    for _ in range(3):
        platform.look(None, arrives=True, answers=True)

    assert platform.value == first
    assert platform.kept is None
    assert Act.LEAVE not in platform.told


@given(st.integers(0, 3), st.lists(st.one_of(looks, people), max_size=14))
def test_what_a_person_set_last_is_never_changed_while_its_reason_lasts(
    first: Value, history: list[tuple[object, ...]]
) -> None:
    """People set a value that was never there before: of two equal ones nobody can tell whose it is."""
    platform, by_person = Platform(first), False
    for place, step in enumerate(history):
        if step[0] == "person":
            platform.value, by_person = 10 + place, platform.kept is not None
            continue
        _, wanted, arrives, answers = step
        before = platform.value
        platform.look(wanted, arrives=bool(arrives), answers=bool(answers))  # type: ignore[arg-type]
        if by_person:
            assert platform.value == before
        by_person = by_person and platform.kept is not None


def test_only_a_value_of_nobody_we_know_counts_as_somebody_elses() -> None:
    assert is_changed_by_others(OURS, "SOMETHING")
    assert not is_changed_by_others(OURS, "CONTINUE")
