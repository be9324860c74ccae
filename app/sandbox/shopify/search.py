"""Shopify's search syntax, as far as this sandbox answers it; anything else is an error.

https://shopify.dev/docs/api/usage/search-syntax: terms `key:value`, comparators, AND, OR, NOT, brackets.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from graphql import GraphQLError

TOKEN = re.compile(
    r"""\s*(?:(\()|(\))|(-(?=\w))|([\w.]+):(>=|<=|>|<)?('[^']*'|"[^"]*"|[^\s()]+)|(\S+))"""
)

Test = Callable[[Any], bool]
Read = Callable[[Any], Any]


@dataclass(frozen=True)
class Term:
    """One searchable key: how to read it off a record, and how to read the value asked for."""

    read: Read
    kind: str = "string"


def compile_search(query: str | None, terms: Mapping[str, Term], *, zone: tzinfo) -> Test:
    """Turn a query into a test of records."""
    if not (query and query.strip()):
        return lambda record: True
    return _Parser(query, terms, zone).parse()


class _Parser:
    def __init__(self, query: str, terms: Mapping[str, Term], zone: tzinfo) -> None:
        self._tokens = [match.groups() for match in TOKEN.finditer(query.strip())]
        self._terms = terms
        self._zone = zone

    def parse(self) -> Test:
        test = self._either()
        if self._tokens:
            raise GraphQLError("Invalid search query: unbalanced brackets")
        return test

    def _word(self) -> str | None:
        return self._tokens[0][6] if self._tokens else None

    def _either(self) -> Test:
        tests = [self._all()]
        while self._word() == "OR":
            self._tokens.pop(0)
            tests.append(self._all())
        return lambda record: any(test(record) for test in tests)

    def _all(self) -> Test:
        tests = []
        while self._tokens and not self._tokens[0][1] and self._word() != "OR":
            if self._word() == "AND":
                self._tokens.pop(0)
            tests.append(self._one())
        if not tests:
            raise GraphQLError("Invalid search query: a term is missing")
        return lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if not self._tokens:
            raise GraphQLError("Invalid search query: a term is missing")
        opening, _, minus, key, comparator, value, word = self._tokens.pop(0)
        if minus or word == "NOT":
            test = self._one()
            return lambda record: not test(record)
        if opening:
            test = self._either()
            if not (self._tokens and self._tokens.pop(0)[1]):
                raise GraphQLError("Invalid search query: unbalanced brackets")
            return test
        if not key:
            raise GraphQLError(f"the sandbox doesn't search by free text: {word}")
        return self._term(key, comparator or "=", value)

    def _term(self, key: str, comparator: str, value: str) -> Test:
        if key not in self._terms:
            raise GraphQLError(f"the sandbox doesn't search by {key}")
        term = self._terms[key]
        wanted = READERS[term.kind](value, self._zone)
        matches = COMPARATORS[comparator]
        return lambda record: any(matches(found, wanted) for found in _values(term.read(record)))


def _values(found: Any) -> list[Any]:
    """A record may offer several values for a key, or none."""
    if isinstance(found, list | set | tuple):
        return list(found)
    return [] if found is None else [found]


def _read_text(value: str, zone: tzinfo) -> str:
    return _unquoted(value).casefold()


def _unquoted(value: str) -> str:
    return value[1:-1] if value[:1] in ("'", '"') else value


def _read_time(value: str, zone: tzinfo) -> datetime:
    """Unquoted, a timestamp is cut at its first colon and read in the shop's time, as on live shops."""
    is_quoted = value[:1] in ("'", '"')
    text = _unquoted(value) if is_quoted else value.split(":", 1)[0]
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise GraphQLError(f"Invalid timestamp in search query: {text}") from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=zone).astimezone(UTC)


def _read_number(value: str, zone: tzinfo) -> int:
    text = _unquoted(value).rsplit("/", 1)[-1]
    if not text.isdigit():
        raise GraphQLError(f"Invalid id in search query: {value}")
    return int(text)


READERS: Mapping[str, Callable[[str, tzinfo], Any]] = {
    "string": _read_text,
    "time": _read_time,
    "id": _read_number,
}

COMPARATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, wanted: found == wanted,
    ">=": lambda found, wanted: found >= wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    "<": lambda found, wanted: found < wanted,
}
