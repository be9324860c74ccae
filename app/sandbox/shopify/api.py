"""GraphQL as Shopify answers it: validate, price, execute, report the cost.

https://shopify.dev/docs/api/admin-graphql
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute,
    get_named_type,
    parse,
    validate,
)
from graphql.execution.values import get_directive_values, get_variable_values

from app.sandbox.shopify import access, cost
from app.sandbox.shopify.answers import ANSWERS, TYPE_NAMES
from app.sandbox.shopify.call import Answer, Call
from app.sandbox.shopify.mutations import MUTATIONS
from app.sandbox.shopify.paging import Page
from app.sandbox.shopify.prune import whole_schema
from app.sandbox.shopify.queries import QUERY_ROOT
from app.sandbox.shopify.records import RequestRecord

if TYPE_CHECKING:
    from app.sandbox.shopify.shop import SandboxShop

JsonObject = dict[str, Any]
UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.")
LIMITS_PAGE = "https://shopify.dev/api/usage/rate-limits"


@cache
def executable_schema() -> GraphQLSchema:
    """The pruned schema with every answer attached; shared by all shops of a process."""
    schema = build_schema(whole_schema(), assume_valid=True)
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = _type_name
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                field.resolve = _resolver(type_.name, name, field)
    return schema


def _type_name(value: Any, info: GraphQLResolveInfo, type_: object) -> str:
    if type(value) in TYPE_NAMES:
        return TYPE_NAMES[type(value)]
    return "Shop"


def _resolver(type_name: str, name: str, field: GraphQLField) -> Any:
    answer = _answer(type_name, name)
    returned = get_named_type(field.type).name.removesuffix("Connection")
    wanted = [access.FIELDS.get((type_name, name), ()), access.TYPES.get(returned, ())]
    needs = [scopes for scopes in wanted if scopes]

    def resolve(source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
        for scopes in needs:
            info.context.demand(scopes, what=name)
        if type_name == "Mutation":
            info.context.idempotency_key = _key_of(info)
        return answer(source, info.context, args)

    return resolve


def _key_of(info: GraphQLResolveInfo) -> str:
    """What `@idempotent` names the mutation by; empty where it does not."""
    directive = info.schema.get_directive("idempotent")
    if directive is None:
        return ""
    given = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return str(given["key"]) if given else ""


def _answer(type_name: str, name: str) -> Answer:
    if type_name == "Mutation":
        return MUTATIONS[name]
    if type_name == "QueryRoot":
        return QUERY_ROOT[name]
    if type_name in ANSWERS:
        return ANSWERS[type_name][name]
    is_page = type_name.endswith("Connection")
    return PAGE_FIELDS[name] if is_page else _entry(name)


def _entry(name: str) -> Answer:
    """Edges, payloads, errors and the like are dicts whose missing entries are null."""
    return lambda source, call, args: source.get(name)


def _edges(page: Page, call: Call, args: Mapping[str, Any]) -> list[JsonObject]:
    return [{"node": n, "cursor": c} for n, c in zip(page.nodes, page.cursors, strict=True)]


def _page_info(page: Page, call: Call, args: Mapping[str, Any]) -> JsonObject:
    return {
        "startCursor": page.cursors[0] if page.cursors else None,
        "endCursor": page.cursors[-1] if page.cursors else None,
        "hasNextPage": page.has_next,
        "hasPreviousPage": page.has_previous,
    }


PAGE_FIELDS: Mapping[str, Answer] = {
    "nodes": lambda page, call, args: page.nodes,
    "edges": _edges,
    "pageInfo": _page_info,
}


@dataclass(frozen=True)
class Prepared:
    """A document that may be executed, or the reasons why not."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]
    operations: Mapping[str, tuple[OperationDefinitionNode, tuple[cost.Step, ...]]]


@dataclass(frozen=True)
class Priced:
    """One operation of a document, its variables as given, and its requested cost."""

    document: DocumentNode
    operation: OperationDefinitionNode
    steps: tuple[cost.Step, ...]
    variables: JsonObject
    price: int


@lru_cache(maxsize=1024)
def prepare(text: str) -> Prepared:
    """Parse, validate and price a document; remembered by its text."""
    schema = executable_schema()
    try:
        document = parse(text)
    except GraphQLError as error:
        return Prepared(None, (error,), {})
    if errors := validate(schema, document):
        return Prepared(None, tuple(errors), {})
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    plans = {_name(one): (one, cost.plan(schema, document, one)) for one in operations}
    return Prepared(document, (), plans)


def _name(operation: OperationDefinitionNode) -> str:
    return operation.name.value if operation.name else ""


class Api:
    """The GraphQL endpoint of one shop."""

    def __init__(self, shop: SandboxShop) -> None:
        self._shop = shop
        self.schema = executable_schema()

    def validate(self, document: DocumentNode) -> list[GraphQLError]:
        """What is wrong with a document."""
        return validate(self.schema, document)

    def run(self, document: DocumentNode, call: Call) -> tuple[JsonObject | None, list[GraphQLError]]:
        """Execute a document that costs nothing: bulk operations are not charged by the point."""
        result = execute(self.schema, document, context_value=call)
        assert isinstance(result, ExecutionResult)  # noqa: S101  # no resolver is asynchronous
        return result.data, result.errors or []

    def answer(self, request: Mapping[str, Any], call: Call) -> JsonObject:
        """The whole JSON answer to one request body."""
        prepared = prepare(str(request.get("query") or ""))
        name = request.get("operationName") or (next(iter(prepared.operations), ""))
        if prepared.document is None:
            return self._refuse(call, "invalid", [_shown(error) for error in prepared.errors])
        if name not in prepared.operations or (
            len(prepared.operations) > 1 and not request.get("operationName")
        ):
            return self._refuse(call, "invalid", [{"message": f"No operation named {name!r}"}])
        given = request.get("variables") or {}
        operation, steps = prepared.operations[name]
        variables = get_variable_values(self.schema, operation.variable_definitions, given)
        if isinstance(variables, list):
            return self._refuse(call, "invalid", [_shown(error) for error in variables])
        price = cost.requested(steps, variables, rule=self._shop.cost_rule)
        return self._charge(call, Priced(prepared.document, operation, steps, given, price))

    def _charge(self, call: Call, asked: Priced) -> JsonObject:
        price, label = asked.price, _label(asked.operation)
        if price > cost.SINGLE_QUERY_LIMIT:
            return self._refuse(
                call, "MAX_COST_EXCEEDED", [_too_dear(price)], operation=label, price=price
            )
        if not self._shop.bucket.spend(price):
            return self._refuse(call, "THROTTLED", [THROTTLED], operation=label, price=price)
        name = _name(asked.operation) or None
        result = execute(self.schema, asked.document, None, call, asked.variables, name)
        assert isinstance(result, ExecutionResult)  # noqa: S101  # no resolver is asynchronous
        paid = min(price, cost.actual(asked.steps, result.data, rule=self._shop.cost_rule))
        self._shop.bucket.give_back(price - paid)
        self._note(call, label, price, paid, "errors" if result.errors else "ok")
        errors = [_shown(error) for error in result.errors or ()]
        answer: JsonObject = {"data": result.data, "extensions": self._extensions(price, paid)}
        return {"errors": errors, **answer} if errors else answer

    def _refuse(
        self,
        call: Call,
        status: str,
        errors: list[JsonObject],
        *,
        operation: str = "",
        price: int = 0,
    ) -> JsonObject:
        self._note(call, operation, price, 0, status)
        return {"errors": errors, "extensions": self._extensions(price, None)}

    def _extensions(self, price: int, paid: int | None) -> JsonObject:
        status = self._shop.bucket.status()
        return {"cost": {"requestedQueryCost": price, "actualQueryCost": paid, "throttleStatus": status}}

    def _note(self, call: Call, operation: str, price: int, paid: int, status: str) -> None:
        record = RequestRecord(call.number, self._shop.clock(), operation, price, paid, status)
        self._shop.requests.append(record)


def _label(operation: OperationDefinitionNode) -> str:
    """The operation's name, or its root fields where it has none."""
    fields = [
        getattr(getattr(one, "name", None), "value", "...") for one in operation.selection_set.selections
    ]
    kind = "mutation" if operation.operation is OperationType.MUTATION else "query"
    return _name(operation) or f"{kind} {' '.join(sorted(set(fields)))}"


THROTTLED: JsonObject = {
    "message": "Throttled",
    "extensions": {"code": "THROTTLED", "documentation": LIMITS_PAGE},
}


def _too_dear(price: int) -> JsonObject:
    limit = cost.SINGLE_QUERY_LIMIT
    message = f"Query cost is {price}, which exceeds the single query max cost limit ({limit})."
    details = {
        "code": "MAX_COST_EXCEEDED",
        "cost": price,
        "maxCost": limit,
        "documentation": LIMITS_PAGE,
    }
    return {"message": message, "extensions": details}


def _shown(error: GraphQLError) -> JsonObject:
    """An error in Shopify's words."""
    shown: JsonObject = dict(error.formatted)
    if match := UNKNOWN_FIELD.match(error.message):
        field, type_name = match.groups()
        shown["message"] = f"Field '{field}' doesn't exist on type '{type_name}'"
        shown["extensions"] = {"code": "undefinedField", "typeName": type_name, "fieldName": field}
    return shown
