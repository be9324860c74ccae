"""One mutation document of many aliased parts, so that many writes travel in one request.

Values go in as variables only. Parts run one after the other, and one that fails leaves the others
done (shopify.dev/docs/api/usage/limits counts each part as a mutation).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.platforms.http import PlatformRefused
from app.platforms.shopify.client import Answer, ShopifyClient
from app.platforms.shopify.queries import MUTATION_COST


class Mutation(NamedTuple):
    """A mutation field, the types of its arguments, and what is asked of its answer besides errors."""

    field: str
    arguments: Mapping[str, str]
    answer: str = ""


class Part(NamedTuple):
    """One call of a mutation; `alias` must be unique in its document."""

    alias: str
    mutation: Mutation
    values: Mapping[str, Any]


def document_of(parts: Sequence[Part]) -> str:
    """The document of some parts; argument `id` of alias `t0` is variable `$t0_id`."""
    declared = ", ".join(
        f"${part.alias}_{name}: {kind}"
        for part in parts
        for name, kind in part.mutation.arguments.items()
    )
    fields = "\n".join(_field(part) for part in parts)
    return f"mutation ({declared}) {{\n{fields}\n}}"


def _field(part: Part) -> str:
    given = ", ".join(f"{name}: ${part.alias}_{name}" for name in part.mutation.arguments)
    asked = f"{part.mutation.answer} userErrors {{ field message }}".strip()
    return f"  {part.alias}: {part.mutation.field}({given}) {{ {asked} }}"


def send(client: ShopifyClient, parts: Sequence[Part]) -> dict[str, str]:
    """Send some parts in one request; returns the refusals in words by alias.

    Raises what `ShopifyClient.attempt` raises: then any of the parts may or may not be done. Raises
    `PlatformRefused` for a wrong document: then none is.
    """
    variables = {f"{part.alias}_{name}": value for part in parts for name, value in part.values.items()}
    answer = client.attempt(document_of(parts), variables, cost=len(parts) * MUTATION_COST)
    if answer.data is None:
        raise PlatformRefused(f"{client.domain} refused a mutation: {answer.errors}")
    refusals = {part.alias: _refusal(answer, part.alias) for part in parts}
    return {alias: text for alias, text in refusals.items() if text}


def _refusal(answer: Answer, alias: str) -> str:
    own = [error.message for error in answer.errors if error.path[:1] == (alias,)]
    payload = (answer.data or {}).get(alias)
    if payload is None:
        return "; ".join(own) or "Shopify did not answer this part"
    return "; ".join(own + [in_words(error) for error in payload["userErrors"]])


def in_words(error: Mapping[str, Any]) -> str:
    """A user error, with the field that it is about."""
    field = ".".join(error["field"] or ())
    return f"{error['message']} ({field})" if field else str(error["message"])
