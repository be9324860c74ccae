"""Settings of the platform that we change for a while and give back exactly as they were.

Of each is kept what it was before us, what we set, and what stood there just before our last write, for
its answer may never come. Whatever stands there otherwise is somebody else's word: it is left as it is.
"""

from enum import StrEnum
from typing import NamedTuple

Value = int | str | None
"""A setting as the platform keeps it, in JSON."""


class SettingState(StrEnum):
    """What we know of a setting of ours."""

    SETTING = "setting"
    """About to be written: it may stand or not."""
    SET = "set"
    RESTORING = "restoring"
    """About to be given back: it may stand or not."""
    LEFT = "left"
    """Somebody else changed it meanwhile. Until our reason ends we do not touch it again."""


CHANGED = (SettingState.SETTING, SettingState.SET, SettingState.RESTORING)
"""The states in which the platform may have a value of ours."""


class Kept(NamedTuple):
    """What is kept of a setting that we changed, or were about to."""

    before: Value
    ours: Value
    was: Value
    state: SettingState


class Act(StrEnum):
    """What is to be done about a setting."""

    NOTHING = "nothing"
    SET = "set"
    CONFIRM = "confirm"
    """Our write has arrived."""
    RESTORE = "restore"
    LEAVE = "leave"
    """Somebody else changed it: keep away."""
    FORGET = "forget"
    """Nothing of ours is there any more."""


class Wanted(NamedTuple):
    """The value that we want instead of the merchant's."""

    value: Value


def next_act(kept: Kept | None, now: Value, wanted: Wanted | None) -> Act:
    """What to do about a setting that stands at `now`, where we want another value of it, or (None) the
    merchant's own."""
    if kept is None:
        return _begin(now, wanted)
    if kept.state is SettingState.LEFT:
        return Act.FORGET if wanted is None else Act.NOTHING
    if _is_not_ours_yet(kept, now):
        act = _begin(now, wanted)
        return Act.FORGET if act is Act.NOTHING else act
    if now != _ours(kept, now):
        return Act.FORGET if wanted is None else Act.LEAVE
    return _go_on(kept, now, wanted)


def _begin(now: Value, wanted: Wanted | None) -> Act:
    return Act.NOTHING if wanted is None or wanted.value == now else Act.SET


def _is_not_ours_yet(kept: Kept, now: Value) -> bool:
    """Our first write never came, or it has been given back, though nobody answered."""
    is_first = kept.state is SettingState.SETTING and kept.was == kept.before
    return now == kept.before and (is_first or kept.state is SettingState.RESTORING)


def _ours(kept: Kept, now: Value) -> Value:
    """What stands of ours: what we wrote last, or, if that never came, what stood there before it."""
    return now if kept.state is not SettingState.SET and now == kept.was else kept.ours


def _go_on(kept: Kept, now: Value, wanted: Wanted | None) -> Act:
    if wanted is None or wanted.value == kept.before:
        return Act.RESTORE
    if wanted.value != now:
        return Act.SET
    return Act.NOTHING if kept.state is SettingState.SET else Act.CONFIRM


def without_writing(act: Act, kept: Kept | None, now: Value) -> Act:
    """What is left of it to do while we may not write: what stands of ours is known to, and stays."""
    if act not in (Act.SET, Act.RESTORE):
        return act
    if kept is None:
        return Act.NOTHING
    return Act.FORGET if now == kept.before else Act.CONFIRM


def is_changed_by_others(kept: Kept, now: Value) -> bool:
    """Whether somebody else set what stands there now, while ours should."""
    return kept.state in CHANGED and now not in (kept.ours, kept.was, kept.before)
