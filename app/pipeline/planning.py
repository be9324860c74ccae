"""What to write on one order, as it is now, so that it shows what it should."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from app.core.changes import (
    StatusChange,
    TagChanges,
    is_worth_writing,
    shown_after,
    status_change,
    tag_changes,
)
from app.core.desired import Desired, NoticeTag, Shown, Status, desired, endings_of, rename_tags
from app.core.foreign import may_put_right, sign_of
from app.core.note import Spans, digest_of, find_block, find_ours, put_block, remove_blocks
from app.db.due_orders import DueOrder
from app.db.models import Shop
from app.pipeline.context import local_day
from app.pipeline.sentences import Sentences, sentences_for
from app.pipeline.wording import METAFIELDS, block_texts, is_in_our_words, metafields
from app.platforms.base import OrderChange, OrderNow, Traits


@dataclass(frozen=True, slots=True)
class Rendering:
    """How the orders of a shop are written: on which day, in which language and words, with which
    tags, on what platform, with which order status while they wait."""

    shop_id: int
    today: date
    locale: str
    sentences: Sentences
    wording: Mapping[str, Sentences]
    tags: Mapping[Status | NoticeTag, frozenset[str]]
    traits: Traits
    waiting_status_id: int | None
    quiet_days: int


@dataclass(frozen=True, slots=True)
class Planned:
    """One order's change, what may stand on it until that is written, and what does after it; `foreign`
    is the sign of what others did that it puts right (see `app.core.foreign`)."""

    order: DueOrder
    want: Desired
    change: OrderChange
    before: Shown
    after: Shown
    remark: str = ""
    foreign: str = ""


def rendering_of(shop: Shop, traits: Traits, *, now: datetime) -> Rendering:
    """How orders of the shop are written at this moment."""
    return Rendering(
        shop_id=shop.id,
        today=local_day(now, shop.time_zone),
        locale=shop.locale,
        sentences=sentences_for(shop.locale, shop.wording),
        wording=shop.wording,
        tags=rename_tags(shop.tag_names),
        traits=traits,
        waiting_status_id=shop.waiting_status_id,
        quiet_days=shop.quiet_days,
    )


def must_write(order: DueOrder, *, today: date, quiet_days: int) -> bool:
    """An order whose last write was never answered is looked at, whatever it should show now."""
    want = desired(order.state, order.shown, today=today)
    return order.intent is not None or is_worth_writing(
        want, order.shown, today=today, quiet_days=quiet_days
    )


def plan_if_due(order: DueOrder, now: OrderNow, rendering: Rendering, *, at: datetime) -> Planned | None:
    """What to write, if anything is worth it: something new is to be said, or others changed what we
    said and were not answered lately. `foreign` tells which (see `sign_by_look`)."""
    sign = sign_by_look(order, now, rendering)
    is_answered = not may_put_right(sign, order.foreign.answered, now=at)
    if is_answered and not must_write(order, today=rendering.today, quiet_days=rendering.quiet_days):
        return None
    return replace(plan(order, now, rendering), foreign=sign)


def sign_by_look(order: DueOrder, now: OrderNow, rendering: Rendering) -> str:
    """The sign of what others did to what we wrote, by what stands on the order now; empty where all
    that is ours is as it should be."""
    ours = _ours(order.shown, now.note, rendering)
    shown, _ = _really_shown(order, now, ours, rendering)
    return sign_of(ours.blocks, now.tags, shown)


@dataclass(frozen=True, slots=True)
class _Ours:
    """The blocks of ours that stand in a note: where, the digest of all of them together, and what
    joins the last to the text before it (None: nobody knows)."""

    spans: Spans
    blocks: str
    glue: str | None


def _ours(shown: Shown, note: str, rendering: Rendering) -> _Ours:
    spans = find_ours(
        note,
        has_block=shown.has_block,
        is_our_wording=partial(is_in_our_words, own=rendering.wording),
    )
    blocks = digest_of("\n".join(note[slice(*span)] for span in spans))
    return _Ours(spans, blocks, shown.glue if shown.has_block else None)


def plan(order: DueOrder, now: OrderNow, rendering: Rendering) -> Planned:
    """What to send so that the order, as it is now, shows what it should."""
    ours = _ours(order.shown, now.note, rendering)
    shown, is_answer_lost = _really_shown(order, now, ours, rendering)
    want = desired(order.state, shown, today=rendering.today, tags=rendering.tags)
    tags = tag_changes(want.tags if rendering.traits.has_tags else (), shown, now.tags)
    note = _new_note(want, replace(ours, glue=shown.glue if shown.has_block else None), now, rendering)
    status = status_change(want, shown, present=now.status_id, waiting=rendering.waiting_status_id)
    after = shown_after(
        want,
        tags.ours,
        glue=note.glue,
        has_block=bool(note.block),
        status=status,
        block=note.block,
        taken=tags.taken,
    )
    change = _change(order, want, tags, None if note.text == now.note else note.text, status)
    is_all_there = is_answer_lost and after == shown and rendering.traits.has_tags
    if is_all_there and not (tags.add or tags.remove or change.note is not None):
        change = OrderChange(order_id=order.order_id)
    is_full = not note.block and want.status is not Status.NONE
    remark = "the note is full: tag and metafields only" if is_full else _why_ended(order, want, shown)
    return Planned(order, want, change, _may_stand(shown, order), after, remark)


def _change(
    order: DueOrder, want: Desired, tags: TagChanges, note: str | None, status: StatusChange
) -> OrderChange:
    values = metafields(want)
    return OrderChange(
        order_id=order.order_id,
        add_tags=tuple(sorted(tags.add)),
        remove_tags=tuple(sorted(tags.remove)),
        note=note,
        metafields=values,
        remove_metafields=tuple(
            key for key in METAFIELDS if key not in values and _has_metafield(order, key)
        ),
        status_id=status.set_to,
    )


def _why_ended(order: DueOrder, want: Desired, shown: Shown) -> str:
    """Why an order waits no more though nothing came for it."""
    if want.status is not Status.NONE or order.state.is_cancelled:
        return ""
    if order.state.shows_nothing:
        return "everything of Backline is taken back"
    return "; ".join(sorted(ending.value for ending in endings_of(order.state, shown)))


def _really_shown(
    order: DueOrder, now: OrderNow, ours: _Ours, rendering: Rendering
) -> tuple[Shown, bool]:
    """What the order shows by our doing, and whether that is a write of ours whose answer was lost:
    all of it stands on the order then. If only a part does, that part is ours all the same."""
    intent, shown = order.intent, order.shown
    if intent is None:
        return _with_copied_tags(shown, now, ours, rendering), False
    present = set(now.tags)
    is_done = intent.tags <= present and not (shown.tags - intent.tags) & present
    if is_done and (find_block(now.note) is not None) is intent.has_block:
        return intent, True
    has_block = shown.has_block or (intent.has_block and find_block(now.note) is not None)
    part = replace(
        shown,
        tags=shown.tags | (intent.tags & present),
        glue=shown.glue if shown.has_block else intent.glue,
        has_block=has_block,
        block=intent.block if ours.blocks == intent.block else shown.block,
    )
    return part, False


def _may_stand(shown: Shown, order: DueOrder) -> Shown:
    """What is kept as shown beside a new intent: its answer may be lost as well, and what it was to take
    off must still be known as ours then. Metafields are not read before a write, so after one without an
    answer those of all that was shown or intended count as there, whatever else of it is gone."""
    if order.intent is None:
        return shown
    states = (shown, order.shown, order.intent)
    status = next((one.status for one in states if one.status is not Status.NONE), Status.NONE)
    return replace(shown, status=status, eta=next((one.eta for one in states if one.eta), None))


def _with_copied_tags(shown: Shown, now: OrderNow, ours: _Ours, rendering: Rendering) -> Shown:
    """Where a block of ours stands on an order that we wrote nothing on, somebody copied another
    with all it shows, or we wrote it before the app was removed: its tags are ours as well."""
    if shown != Shown() or not ours.spans:
        return shown
    known = frozenset().union(*rendering.tags.values())
    return replace(shown, tags=known & frozenset(now.tags))


class _Note(NamedTuple):
    """A whole new note, the glue before our block, and the block's digest (empty: it is not in it)."""

    text: str
    glue: str
    block: str


def _new_note(want: Desired, ours: _Ours, now: OrderNow, rendering: Rendering) -> _Note:
    """The fullest wording that fits is taken; a note too full for any loses our old block, which would
    be wrong. Where orders carry no tags, their words stand in the block."""
    words = () if rendering.traits.has_tags else sorted(want.tags)
    for text in block_texts(want, locale=rendering.locale, sentences=rendering.sentences, words=words):
        placed = put_block(now.note, text, ours=ours.spans, glue=ours.glue)
        if len(placed.note) <= rendering.traits.note_limit:
            return _Note(placed.note, placed.glue, digest_of(text))
    return _Note(remove_blocks(now.note, ours=ours.spans, glue=ours.glue), "", "")


def _has_metafield(order: DueOrder, key: str) -> bool:
    """Whether we set the metafield: in what is shown, or in a write whose answer was lost."""
    states = [order.shown] if order.intent is None else [order.shown, order.intent]
    return any(
        state.status is not Status.NONE and (key != "eta" or state.eta is not None) for state in states
    )
