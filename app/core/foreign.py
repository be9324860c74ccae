"""What others do to what we wrote: when it is put right, and when it is left.

Another app may write a whole old note or an old list of tags back, merge notes, or copy an order with
all its text. What stands there of ours then is not what we say. It is put right once for each such
write; an app that answers each of ours with one of its own would be answered for ever, so what was
just put right is left when it comes back. What was taken away is never put back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.desired import Shown
from app.core.note import digest_of

# The same words so soon after they were put right are an app's answer to that, not a new mistake.
_ANSWER_TO_OURS = timedelta(minutes=10)
# However an app goes about it, we write no more often than this in a day.
_DAY, _MOST_A_DAY = timedelta(days=1), 5


@dataclass(frozen=True, slots=True)
class Foreign:
    """What we know of others' writes on one order. `told` is the sign (see `sign_of`) of the one that
    must be looked at, `fine` the digest of blocks that a look found to be right, `answered` what was put
    right lately: sign and moment (seconds since 1970)."""

    told: str = ""
    fine: str = ""
    answered: tuple[tuple[str, float], ...] = ()


def sign_of(blocks: str, tags: Collection[str], shown: Shown) -> str:
    """The sign by which a foreign write is known again; empty where an order with these blocks (their
    digest) and tags shows nothing of ours but what it should.

    A block is foreign if it is not the one we wrote last, or stands where none should; a tag if we took
    it off ourselves. What we wrote before digests were kept can't be compared.
    """
    is_unknown = shown.has_block and not shown.block
    is_wrong = bool(blocks) and blocks != shown.block and not is_unknown
    back = sorted(shown.taken & frozenset(tags))
    if not is_wrong and not back:
        return ""
    return digest_of("\n".join([blocks if is_wrong else "", *back]))


def may_put_right(sign: str, answered: Sequence[tuple[str, float]], *, now: datetime) -> bool:
    """Whether a foreign write is put right, given what was lately."""
    ages = [(one, now - datetime.fromtimestamp(at, now.tzinfo)) for one, at in answered]
    lately = [age for _, age in ages if age < _DAY]
    is_loop = any(one == sign and age < _ANSWER_TO_OURS for one, age in ages)
    return bool(sign) and not is_loop and len(lately) < _MOST_A_DAY


def answer(sign: str, known: Foreign, *, is_answer: bool = True, now: datetime) -> Foreign:
    """What to remember once a foreign write is about to be put right. It is no answer where we begin to
    speak: what stood on an order before, as on the copy of another one, contradicted nobody."""
    if not is_answer:
        return Foreign("", known.fine, known.answered)
    lately = [one for one in known.answered if now.timestamp() - one[1] < _DAY.total_seconds()]
    return Foreign("", known.fine, (*lately, (sign, now.timestamp())))
