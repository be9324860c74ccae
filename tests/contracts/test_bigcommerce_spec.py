"""The sandbox's specs are BigCommerce's. The full ones are kept beside the checkout."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from app.sandbox.bigcommerce.contract import load_spec
from app.sandbox.bigcommerce.prune import KEEP, prune, resolve
from app.sandbox.bigcommerce.server import HANDLERS

FULL = Path(__file__).parents[3] / "shared" / "contracts" / "bigcommerce"
VERSIONS = ["v2", "v3"]


@pytest.fixture(scope="module")
def folder() -> Path:
    if not FULL.exists():
        pytest.skip("the full specs ../shared/contracts/bigcommerce are not on this machine")
    return FULL


def _operations(version: str) -> Iterator[tuple[str, str, str]]:
    """File, method and path of everything kept."""
    for file, operations in KEEP[version].items():
        for operation in operations.split(","):
            method, path = operation.split()
            yield file, method.lower(), path


def _parameters(spec: Any, method: str, path: str) -> dict[tuple[str, str], bool]:
    item = spec["paths"][path]
    given = [*item.get("parameters", []), *item[method].get("parameters", [])]
    plain = [resolve(spec, one) for one in given]
    return {(one["in"], one["name"]): one.get("required", False) for one in plain}


def _fields(spec: Any, schema: Any, depth: int = 6) -> set[str]:
    """Every property that a schema names, by its way down."""
    plain = resolve(spec, schema)
    parts = [*plain.get("allOf", ()), *plain.get("anyOf", ()), *plain.get("oneOf", ())]
    found = {name for part in parts for name in _fields(spec, part, depth)}
    if depth == 0:
        return found
    if "items" in plain:
        found |= {f"[].{name}" for name in _fields(spec, plain["items"], depth - 1)}
    for name, inner in plain.get("properties", {}).items():
        found |= {name, *(f"{name}.{below}" for below in _fields(spec, inner, depth - 1))}
    return found


def _bodies(spec: Any, method: str, path: str) -> dict[str, set[str]]:
    """The fields of the request's body and of each answer's."""
    operation = spec["paths"][path][method]
    parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
    found = {}
    for name, part in parts.items():
        for media in resolve(spec, part).get("content", {}).values():
            found[str(name)] = _fields(spec, media.get("schema", {}))
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_kept_operation_says_what_bigcommerce_says(folder: Path, version: str) -> None:
    kept = load_spec(version)
    specs = {file: yaml.safe_load((folder / file).read_text("utf-8")) for file in KEEP[version]}

    for file, method, path in _operations(version):
        full = specs[file]
        ours, theirs = _parameters(kept, method, path), _parameters(full, method, path)
        assert ours == theirs, f"{method} {path}"
        assert _bodies(kept, method, path) == _bodies(full, method, path), f"{method} {path}"


@pytest.mark.parametrize("version", VERSIONS)
def test_pruning_the_full_specs_again_gives_the_same_files(folder: Path, version: str) -> None:
    assert prune(folder, version) == load_spec(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_pruned_specs_are_valid(version: str) -> None:
    validate(load_spec(version))


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_kept_is_answered_and_nothing_else(version: str) -> None:
    kept = {(method.upper(), path) for _, method, path in _operations(version)}

    assert set(HANDLERS[version]) == kept
