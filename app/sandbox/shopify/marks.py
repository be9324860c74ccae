"""What merchants and apps write on an order: tags, the note, metafields."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime

from app.sandbox.records import JournalEntry
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import Metafield, Order

NOTE_LIMIT = 5000
TAG_LIMIT = 40
TAGS_LIMIT = 250


def sorted_tags(tags: Iterable[str]) -> list[str]:
    """Tags as Shopify returns them: each once, ignoring case, in alphabetical order."""
    first: dict[str, str] = {}
    for tag in _split(tags):
        first.setdefault(tag.casefold(), tag)
    return sorted(first.values(), key=lambda tag: (tag.casefold(), tag))


def _split(tags: Iterable[str]) -> list[str]:
    """A comma separates tags even inside one string."""
    return [tag.strip() for text in tags for tag in text.split(",") if tag.strip()]


def add_tags(books: Books, order: Order, tags: Sequence[str]) -> list[str]:
    """Add those the order hasn't yet, whatever their case; returns what was new."""
    known = {tag.casefold() for tag in order.tags}
    new = [tag for tag in sorted_tags(tags) if tag.casefold() not in known]
    if new:
        set_tags(books, order, [*order.tags, *new])
    return new


def remove_tags(books: Books, order: Order, tags: Sequence[str]) -> list[str]:
    """Remove those that match exactly; returns what is gone."""
    gone = [tag for tag in order.tags if tag in set(_split(tags))]
    if gone:
        set_tags(books, order, [tag for tag in order.tags if tag not in gone])
    return gone


def set_tags(books: Books, order: Order, tags: Sequence[str]) -> None:
    """Replace all tags."""
    order.tags = sorted_tags(tags)
    books.touch(order)


def tag_problem(order: Order, tags: Sequence[str]) -> str | None:
    """Why Shopify would refuse these tags, None if it would not."""
    if any(len(tag) > TAG_LIMIT for tag in _split(tags)):
        return f"Tags must be at most {TAG_LIMIT} characters long"
    if len(sorted_tags([*order.tags, *tags])) > TAGS_LIMIT:
        return f"An order can have at most {TAGS_LIMIT} tags"
    return None


def set_note(books: Books, order: Order, note: str) -> None:
    """Replace the note."""
    order.note = note
    books.touch(order)


def record(books: Books, request: int, kind: str, *, order_id: int | None, detail: str) -> None:
    """Enter a write that came through the API into the journal."""
    books.journal.append(JournalEntry(books.clock(), kind, order_id, detail, request))


def resolve_namespace(books: Books, namespace: str | None) -> str:
    """`$app:x` and nothing at all mean namespaces that belong to this app."""
    if namespace in (None, "$app"):
        return f"app--{books.app_id}"
    if namespace and namespace.startswith("$app:"):
        return f"app--{books.app_id}--{namespace.removeprefix('$app:')}"
    return namespace or ""


def find_metafield(books: Books, owner_gid: str, namespace: str | None, *, key: str) -> Metafield | None:
    """An owner's metafield, asked for by either form of its namespace."""
    return books.metafields.get((owner_gid, resolve_namespace(books, namespace), key))


def metafields_of(books: Books, owner_gid: str) -> list[Metafield]:
    """All metafields of one owner."""
    return books.metafields_by_owner.get(owner_gid, [])


def set_metafield(books: Books, address: tuple[str, str, str], *, value: str, type_: str) -> Metafield:
    """Write the metafield at (owner, resolved namespace, key)."""
    now = books.now()
    if existing := books.metafields.get(address):
        existing.value, existing.type, existing.updated_at = value, type_, now
        return existing
    owner, namespace, key = address
    made = Metafield(books.new_id("Metafield"), owner, namespace, key, type_, value, now, now)
    books.add_metafield(made)
    return made


def digest(metafield: Metafield) -> str:
    """What `compareDigest` compares."""
    return hashlib.sha256(metafield.value.encode()).hexdigest()


def value_problem(value: str, type_: str) -> tuple[str, str] | None:
    """Why a metafield of this type refuses the value, as (code, message); None if it takes it."""
    if type_ not in VALID:
        return "INVALID_TYPE", f"Type {type_} is not a type this shop knows."
    if not value:
        return "BLANK", "Value can't be blank."
    if not VALID[type_](value):
        return "INVALID_VALUE", f"Value is not a valid {type_}."
    return None


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def is_valid(value: str) -> bool:
        with suppress(ValueError):
            read(value)
            return True
        return False

    return is_valid


VALID: dict[str, Callable[[str], bool]] = {
    "single_line_text_field": lambda value: "\n" not in value and bool(value.strip()),
    "multi_line_text_field": lambda value: bool(value.strip()),
    "json": _reads(json.loads),
    "date": lambda value: (
        bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value)) and _reads(date.fromisoformat)(value)
    ),
    "date_time": _reads(datetime.fromisoformat),
    "number_integer": lambda value: bool(re.fullmatch(r"-?\d+", value)),
    "boolean": lambda value: value in ("true", "false"),
}
