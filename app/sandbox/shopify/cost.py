"""What a query costs, and the bucket it is paid from.

Two rules. "documented" is Shopify's table: a scalar 0, an object 1, a connection its page size times
what one node costs, a mutation 10. "observed" is what recordings of live shops show: a connection
costs 2 and charges a page of n as `floor(2 ln n)` nodes; money, addresses and page info are free, a
Count is 10. Under both, `nodes(ids:)` pays for each id, and what a mutation returns is free up to its
first connection.
https://shopify.dev/docs/api/usage/limits
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from graphql.language import BooleanValueNode, InlineFragmentNode, OperationType

Rule = Literal["documented", "observed"]
Variables = Mapping[str, Any]

SINGLE_QUERY_LIMIT = 1000
MUTATION_COST = 10
CONNECTION_COST: Mapping[Rule, int] = {"documented": 0, "observed": 2}
FREE_WHEN_OBSERVED = frozenset({"PageInfo", "MoneyBag", "MoneyV2", "MailingAddress", "LocationAddress"})


@dataclass(frozen=True)
class Step:
    """One selected field of a query, reduced to what decides its cost.

    `types` are the concrete types the selection applies to; `size` tells from the variables how many
    records are asked for (None: the field is no list whose size is asked for).
    """

    key: str
    kind: Literal["leaf", "object", "connection", "edge", "page info", "nodes", "count", "mutation"]
    types: frozenset[str]
    size: Callable[[Variables], int] | None
    is_shown: Callable[[Variables], bool]
    children: tuple[Step, ...]


def plan(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> tuple[Step, ...]:
    """Reduce an operation that has passed validation to its steps."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    assert root is not None  # noqa: S101  # validated: the operation's root type exists
    planner = _Planner(schema, fragments, is_mutation=operation.operation is OperationType.MUTATION)
    return planner.steps(operation.selection_set, root)


class _Planner:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        *,
        is_mutation: bool,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._is_mutation = is_mutation

    def steps(self, selected: SelectionSetNode | None, parent: Any) -> tuple[Step, ...]:
        if selected is None:
            return ()
        return tuple(step for node in selected.selections for step in self._selection(node, parent))

    def _selection(self, node: SelectionNode, parent: Any) -> Iterable[Step]:
        if isinstance(node, FieldNode):
            if not node.name.value.startswith("__"):
                yield self._field(node, parent)
            return
        definition = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        assert isinstance(definition, FragmentDefinitionNode | InlineFragmentNode)  # noqa: S101  # no other kind
        condition = definition.type_condition
        narrowed = self._schema.type_map[condition.name.value] if condition else parent
        yield from self.steps(definition.selection_set, narrowed)

    def _field(self, node: FieldNode, parent: Any) -> Step:
        definition = parent.fields[node.name.value]
        named = get_named_type(definition.type)
        kind = self._kind(node, parent, definition.type)
        return Step(
            key=node.alias.value if node.alias else node.name.value,
            kind=kind,
            types=self._concrete(parent),
            size=_size(node) if kind in ("connection", "nodes") else None,
            is_shown=_condition(node),
            children=() if is_leaf_type(named) else self.steps(node.selection_set, named),
        )

    def _concrete(self, parent: GraphQLObjectType | GraphQLAbstractType) -> frozenset[str]:
        if is_abstract_type(parent):
            return frozenset(one.name for one in self._schema.get_possible_types(parent))  # type: ignore[arg-type]
        return frozenset({parent.name})

    def _kind(self, node: FieldNode, parent: Any, type_: Any) -> Any:
        named = get_named_type(type_)
        if is_leaf_type(named):
            return "leaf"
        if self._is_mutation and parent is self._schema.mutation_type:
            return "mutation"
        if parent.name == "QueryRoot" and node.name.value == "nodes":
            return "nodes"
        by_suffix = {
            "Connection": "connection",
            "Edge": "edge",
            "Count": "count",
            "PageInfo": "page info",
        }
        for suffix, kind in by_suffix.items():
            if named.name.endswith(suffix):
                return kind
        return "page info" if named.name in FREE_WHEN_OBSERVED else "object"


def _size(node: FieldNode) -> Callable[[Variables], int]:
    arguments = {argument.name.value: argument.value for argument in node.arguments}
    asked = [arguments[name] for name in ("first", "last", "ids") if name in arguments]

    def size(variables: Variables) -> int:
        return next((n for value in asked if (n := _count(value, variables)) is not None), 0)

    return size


def _count(node: ValueNode, variables: Variables) -> int | None:
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, ListValueNode):
        return len(node.values)
    value = variables.get(node.name.value) if isinstance(node, VariableNode) else None
    return len(value) if isinstance(value, list) else value


def _condition(node: SelectionNode) -> Callable[[Variables], bool]:
    """Whether @skip and @include leave the field in."""
    wanted = [
        (argument.value, directive.name.value == "include")
        for directive in node.directives
        if directive.name.value in ("include", "skip")
        for argument in directive.arguments
    ]

    def is_shown(variables: Variables) -> bool:
        return all(_truth(value, variables) is positive for value, positive in wanted)

    return is_shown


def _truth(node: ValueNode, variables: Variables) -> bool:
    if isinstance(node, BooleanValueNode):
        return node.value
    return bool(isinstance(node, VariableNode) and variables.get(node.name.value))


def charged(n: int, rule: Rule) -> int:
    """How many nodes a page of `n` is charged as."""
    if rule == "documented" or n == 0:
        return n
    return math.floor(2 * math.log(max(2, n)))


def requested(steps: Iterable[Step], variables: Variables, *, rule: Rule) -> int:
    """The cost known before the query runs: every page full, every union at its dearest."""
    return _requested(steps, variables, rule, is_free=False)


def _requested(steps: Iterable[Step], variables: Variables, rule: Rule, *, is_free: bool) -> int:
    shown = [step for step in steps if step.is_shown(variables)]
    costs = [(step.types, _requested_step(step, variables, rule, is_free=is_free)) for step in shown]
    types = {name for step_types, _ in costs for name in step_types}
    return max((sum(cost for on, cost in costs if name in on) for name in types), default=0)


def _requested_step(step: Step, variables: Variables, rule: Rule, *, is_free: bool) -> int:
    if step.kind == "leaf":
        return 0
    if step.kind == "connection":
        return _requested_connection(step, variables, rule)
    inside_free = step.kind == "mutation" or (is_free and step.kind != "nodes")
    inside = _requested(step.children, variables, rule, is_free=inside_free)
    if step.kind == "nodes":
        return _asked(step, variables) * (1 + inside)
    return _single(step, rule, is_free=is_free) + inside


def _requested_connection(step: Step, variables: Variables, rule: Rule) -> int:
    beside = [child for child in step.children if child.kind in ("page info", "count")]
    nodes = [child for child in step.children if child not in beside]
    inside = _requested(nodes, variables, rule, is_free=False)
    paid = charged(_asked(step, variables), rule) * inside
    return CONNECTION_COST[rule] + paid + _requested(beside, variables, rule, is_free=False)


def _asked(step: Step, variables: Variables) -> int:
    return step.size(variables) if step.size else 0


def _single(step: Step, rule: Rule, *, is_free: bool) -> int:
    if step.kind == "mutation":
        return MUTATION_COST
    if step.kind == "edge" or is_free:
        return 0
    if rule == "observed":
        return {"count": 10, "page info": 0}.get(step.kind, 1)
    return 1


def actual(steps: Iterable[Step], data: Any, *, rule: Rule) -> int:
    """The cost of what was returned: as requested, with real numbers of records."""
    return _actual(steps, data, rule, is_free=False)


def _actual(steps: Iterable[Step], data: Any, rule: Rule, *, is_free: bool) -> int:
    if not isinstance(data, dict):
        return 0
    merged: dict[str, Step] = {}
    for step in steps:
        if step.kind != "leaf" and step.key in data:
            known = merged.get(step.key)
            merged[step.key] = step if known is None else _joined(known, step)
    return sum(_actual_step(step, data[key], rule, is_free=is_free) for key, step in merged.items())


def _joined(one: Step, other: Step) -> Step:
    return Step(one.key, one.kind, one.types, one.size, one.is_shown, one.children + other.children)


def _actual_step(step: Step, value: Any, rule: Rule, *, is_free: bool) -> int:
    if step.kind == "connection":
        return _actual_connection(step, value, rule)
    if step.kind == "mutation":
        return MUTATION_COST + _actual(step.children, value, rule, is_free=True)
    found = value if isinstance(value, list) else [value]
    inside_free = is_free and step.kind != "nodes"
    inside = [_actual(step.children, one, rule, is_free=inside_free) for one in found if one is not None]
    if step.kind in ("nodes", "edge"):
        return (len(inside) if step.kind == "nodes" else 0) + sum(inside)
    return (_single(step, rule, is_free=is_free) if inside else 0) + max(inside, default=0)


def _actual_connection(step: Step, value: Any, rule: Rule) -> int:
    if value is None:
        return 0
    listed = [child for child in step.children if isinstance(value.get(child.key), list)]
    n = max((len(value[child.key]) for child in listed), default=0)
    inside = sum(_actual_nodes(child, value[child.key], rule) for child in listed)
    beside = sum(
        _actual_step(child, value[child.key], rule, is_free=False)
        for child in step.children
        if isinstance(value.get(child.key), dict)
    )
    if rule == "documented":
        return inside + beside
    return CONNECTION_COST[rule] + beside + (math.ceil(inside * charged(n, rule) / n) if n else 0)


def _actual_nodes(child: Step, found: list[Any], rule: Rule) -> int:
    if child.kind == "edge":
        return sum(_actual(child.children, one, rule, is_free=False) for one in found)
    return sum(1 + _actual(child.children, one, rule, is_free=False) for one in found)


PLANS = {"standard": (2000, 100), "advanced": (4000, 200), "plus": (20000, 1000)}


@dataclass
class Bucket:
    """The leaky bucket of one app in one shop: points that come back with time."""

    clock: Callable[[], datetime]
    maximum: float
    restore_rate: float
    _available: float = field(init=False)
    _at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._available = self.maximum
        self._at = self.clock()

    def available(self) -> int:
        """Points that may be spent now."""
        now = self.clock()
        gained = max(0.0, (now - self._at).total_seconds()) * self.restore_rate
        self._available = min(self.maximum, self._available + gained)
        self._at = now
        return math.floor(self._available)

    def spend(self, points: int) -> bool:
        """Take points, or take none and say so."""
        if points > self.available():
            return False
        self._available -= points
        return True

    def give_back(self, points: int) -> None:
        """Return what was reserved and not used."""
        self._available = min(self.maximum, self._available + points)

    def status(self) -> dict[str, float]:
        """What every answer says of the bucket."""
        return {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": self.available(),
            "restoreRate": float(self.restore_rate),
        }
