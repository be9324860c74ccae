"""The sandbox's schema is Shopify's, word for word. The full schema is kept beside the checkout."""

import gzip
from pathlib import Path

import pytest
from graphql import build_schema, parse, print_ast
from graphql.language import DocumentNode, TypeDefinitionNode

from app.sandbox.shopify.prune import SCHEMA_PATH, prune

FULL_PATH = Path(__file__).parents[3] / "shared" / "contracts" / "shopify" / "admin-2026-10.graphql.gz"


@pytest.fixture(scope="module")
def full_sdl() -> str:
    if not FULL_PATH.exists():
        pytest.skip("the full schema ../shared/contracts/shopify is not on this machine")
    return gzip.decompress(FULL_PATH.read_bytes()).decode()


@pytest.fixture(scope="module")
def full(full_sdl: str) -> dict[str, TypeDefinitionNode]:
    return _types(parse(full_sdl, no_location=True))


def _types(document: DocumentNode) -> dict[str, TypeDefinitionNode]:
    return {d.name.value: d for d in document.definitions if isinstance(d, TypeDefinitionNode)}


def _members(node: TypeDefinitionNode) -> dict[str, str]:
    """Fields, input fields and enum values as text, without their descriptions."""
    members = [*getattr(node, "fields", ()), *getattr(node, "values", ())]
    return {member.name.value: _bare(print_ast(member)) for member in members}


def _bare(text: str) -> str:
    """One line, without descriptions: those of arguments stand inside a field's text."""
    kept, is_description = [], False
    for line in text.splitlines():
        quotes = line.count('"""')
        if not quotes and not is_description:
            kept.append(line.strip().rstrip(","))
        is_description ^= quotes == 1
    return " ".join(" ".join(kept).replace("(", "( ").replace(")", " )").replace(",", "").split())


def test_every_kept_member_is_identical_to_shopifys(full: dict[str, TypeDefinitionNode]) -> None:
    kept = _types(parse(SCHEMA_PATH.read_text(encoding="utf-8")))

    for name, node in kept.items():
        assert node.kind == full[name].kind
        theirs = _members(full[name])
        for member, text in _members(node).items():
            assert text == theirs[member], f"{name}.{member}"


def test_enums_and_inputs_are_kept_whole(full: dict[str, TypeDefinitionNode]) -> None:
    kept = _types(parse(SCHEMA_PATH.read_text(encoding="utf-8")))

    whole = [
        n
        for n, node in kept.items()
        if node.kind in ("enum_type_definition", "input_object_type_definition")
    ]
    assert len(whole) > 20
    for name in whole:
        assert _members(kept[name]).keys() == _members(full[name]).keys()


def test_kept_types_claim_only_shopifys_interfaces(full: dict[str, TypeDefinitionNode]) -> None:
    kept = _types(parse(SCHEMA_PATH.read_text(encoding="utf-8")))

    for name, node in kept.items():
        ours = {one.name.value for one in getattr(node, "interfaces", ())}
        theirs = {one.name.value for one in getattr(full[name], "interfaces", ())}
        assert ours == theirs & kept.keys(), name


def test_pruning_the_full_schema_again_gives_the_same_file(full_sdl: str) -> None:
    assert prune(full_sdl) == SCHEMA_PATH.read_text(encoding="utf-8")


def test_the_pruned_schema_stands_on_its_own() -> None:
    schema = build_schema(SCHEMA_PATH.read_text(encoding="utf-8"))

    assert schema.query_type is not None
    assert schema.query_type.name == "QueryRoot"
