"""Cut BigCommerce's published specs down to the operations this sandbox answers.

    python -m app.sandbox.bigcommerce.prune FOLDER

reads the specs (overlays of the 2026 backorder fields below `overlay/`) and writes `specs/v2.json` and
`specs/v3.json` beside this file. Words, examples and what nobody here answers are dropped; the rest
stays as published, but for the `CORRECTIONS`: what the specs say and BigCommerce does not keep to.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Json = Any
SPECS = Path(__file__).with_name("specs")

# By API version and file: each operation kept.
KEEP: Mapping[str, Mapping[str, str]] = {
    "v2": {
        "overlay/orders.v2.backorders.yml": """GET /orders, GET /orders/count, GET /orders/{order_id},
            PUT /orders/{order_id}, GET /orders/{order_id}/products, GET /orders/{order_id}/shipments,
            GET /order_statuses""",
        "store_information.v2.yml": "GET /store, GET /time",
    },
    "v3": {
        "overlay/inventory.v3.backorders.yml": """GET /inventory/items,
            GET /inventory/locations/{location_id}/items, PUT /inventory/locations/{location_id}/items,
            PUT /inventory/adjustments/absolute, POST /inventory/adjustments/relative""",
        "locations.v3.yml": "GET /inventory/locations",
        "overlay/settings.v3.backorders.yml": """GET /settings/inventory, PUT /settings/inventory,
            GET /settings/store/profile, GET /settings/store/locale""",
        "products_catalog.v3.yml": "GET /catalog/products, GET /catalog/products/{product_id}",
        "product-variants_catalog.v3.yml": """GET /catalog/variants,
            GET /catalog/products/{product_id}/variants""",
        "orders.v3.yml": """POST /orders/{order_id}/payment_actions/refund_quotes,
            POST /orders/{order_id}/payment_actions/refunds,
            GET /orders/{order_id}/payment_actions/refunds,
            GET /orders/metafields, POST /orders/metafields, PUT /orders/metafields,
            DELETE /orders/metafields, GET /orders/{order_id}/metafields,
            POST /orders/{order_id}/metafields, GET /orders/{order_id}/metafields/{metafield_id},
            PUT /orders/{order_id}/metafields/{metafield_id},
            DELETE /orders/{order_id}/metafields/{metafield_id}""",
        "webhooks.v3.yml": """GET /hooks, POST /hooks, GET /hooks/{webhook_id},
            PUT /hooks/{webhook_id}, DELETE /hooks/{webhook_id}, GET /hooks/admin, PUT /hooks/admin""",
    },
}

WORDS = {"description", "example", "examples", "summary", "tags", "externalDocs", "links", "deprecated"}
# Maps whose keys are names that somebody chose, so that `title` in them is no word about the schema.
NAMED = {"properties", "schemas", "parameters", "responses", "requestBodies", "headers", "paths"}


class StaleCorrection(Exception):
    """The specs no longer say what a correction corrects."""


def prune(folder: Path, version: str) -> Json:
    """The pruned spec of one API version."""
    paths: dict[str, Json] = {}
    components: dict[str, dict[str, Json]] = {}
    for file, operations in KEEP[version].items():
        full = _renamed(_bare(yaml.safe_load((folder / file).read_text("utf-8"))), Path(file).stem)
        mine = [operation.split() for operation in operations.split(",")]
        for method, path in mine:
            kept = paths.setdefault(path, {"parameters": full["paths"][path].get("parameters", [])})
            kept[method.lower()] = full["paths"][path][method.lower()]
        _gather([paths[path] for _, path in mine], full["components"], components)
    spec = {
        "openapi": "3.0.3",
        "info": {"title": f"BigCommerce {version}, as far as Backline uses it", "version": "2026-04"},
        "servers": [{"url": f"/{version}"}],
        "security": [{"X-Auth-Token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "X-Auth-Token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}
            },
            **components,
        },
    }
    for correct in CORRECTIONS[version]:
        correct(spec)
    return spec


def _bare(node: Json, *, inside: str = "") -> Json:
    """Without words, examples and extensions; a response must keep a description, if an empty one.

    `inside` is the map of names that the node is, or "".
    """
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    bare = {}
    for key, value in node.items():
        if inside or not _is_said(str(key), value):
            bare[str(key)] = _bare(value, inside=str(key) if key in NAMED and not inside else "")
        if inside == "responses" and "$ref" not in value:
            bare[str(key)]["description"] = ""
    return bare


def _is_said(key: str, value: Json) -> bool:
    is_extension = key.startswith("x-") and key != "x-nullable"
    return is_extension or key in WORDS or (key == "title" and isinstance(value, str))


def _renamed(node: Json, prefix: str) -> Json:
    """With the file's name before each component's, so that two files may use one name."""
    if isinstance(node, list):
        return [_renamed(one, prefix) for one in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        kind, _, name = node["$ref"].removeprefix("#/components/").partition("/")
        return {"$ref": f"#/components/{kind}/{prefix}--{name}"}
    return {key: _renamed(value, prefix) for key, value in node.items()}


def _gather(node: Json, full: Json, components: dict[str, dict[str, Json]]) -> None:
    """Copy what is referred to, and what that refers to."""
    waiting = list(_references(node))
    while waiting:
        kind, name = waiting.pop()
        if name in components.setdefault(kind, {}):
            continue
        found = full[kind][name.partition("--")[2]]
        components[kind][name] = found
        waiting += _references(found)


def _references(node: Json) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for one in node:
            yield from _references(one)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            kind, _, name = node["$ref"].removeprefix("#/components/").partition("/")
            yield kind, name
        for value in node.values():
            yield from _references(value)


# What the specs say, and BigCommerce does not keep to. Each fails if its spec has been mended since.


def _let_alternatives_overlap(spec: Json) -> None:
    """ "One of" a link or the thing itself, of three names: where none requires a property, a value of
    one is a value of all."""
    found = [node for node in _objects(spec) if "oneOf" in node and not _excludes(spec, node["oneOf"])]
    for node in found:
        node["anyOf"] = node.pop("oneOf")
    _claim(found, "all alternatives exclude one another now")


def _excludes(spec: Json, alternatives: list[Json]) -> bool:
    return all("required" in resolve(spec, one) for one in alternatives)


def _name_a_direction(spec: Json) -> None:
    """The description of `sort` shows `date_created:desc`; its enum has no directions."""
    sort = _parameter(spec, "/orders", "sort")
    fields = sort["schema"]["enum"]
    _claim(not any(":" in field for field in fields), "sort knows directions now")
    sort["schema"]["enum"] = [
        *fields,
        *(f"{field}:{way}" for field in fields for way in ("asc", "desc")),
    ]


def _answer_nothing_with_204(spec: Json) -> None:
    """An empty v2 list is answered 204 without a body, which the specs say of shipments alone."""
    for path in ("/orders", "/orders/{order_id}/products"):
        responses = spec["paths"][path]["get"]["responses"]
        _claim("204" not in responses, f"{path} lists 204 now")
        responses["204"] = {"description": ""}


def _let_lists_be_empty(spec: Json) -> None:
    """A store without hooks answers an empty list, which the spec forbids."""
    hooks = [
        part for kind in spec["components"].values() for name, part in kind.items() if "hook" in name
    ]
    found = [node for node in _objects(hooks) if node.pop("minItems", None)]
    _claim(found, "hooks may be empty now")


def _name_several(spec: Json) -> None:
    """`location_id:in` is a list, typed as one number."""
    several = _parameter(spec, "/inventory/locations", "location_id:in")
    _claim(several["schema"] == {"type": "integer"}, "location_id:in is a list now")
    several["schema"] = {"type": "string"}


def _let_channels_inherit(spec: Json) -> None:
    """A setting that a channel does not override is null, says the answer's description; its schema
    allows none."""
    schemas = spec["components"]["schemas"].items()
    (settings,) = [one for name, one in schemas if name.endswith("--InventorySettings")]
    told = settings["properties"].values()
    _claim(not any(one.get("nullable") for one in told), "inventory settings may be null now")
    for one in told:
        if "$ref" not in one:
            one.update({"nullable": True}, **_with_null(one))


def _with_null(schema: Json) -> Json:
    return {"enum": [*schema["enum"], None]} if "enum" in schema else {}


def _allow_null(spec: Json) -> None:
    """`x-nullable` is Swagger 2's spelling of `nullable`."""
    found = 0
    for node in _objects(spec):
        if "x-nullable" in node:
            node["nullable"] = node.pop("x-nullable")
            found += 1
    _claim(found > 0, "nothing is x-nullable any more")


CORRECTIONS: Mapping[str, tuple[Callable[[Json], None], ...]] = {
    "v2": (_let_alternatives_overlap, _name_a_direction, _answer_nothing_with_204),
    "v3": (
        _let_alternatives_overlap,
        _let_lists_be_empty,
        _name_several,
        _let_channels_inherit,
        _allow_null,
    ),
}


def _claim(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise StaleCorrection(otherwise)


def _objects(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
    children = list(node.values()) if isinstance(node, dict) else node
    for child in children if isinstance(children, list) else ():
        yield from _objects(child)


def _parameter(spec: Json, path: str, name: str) -> dict[str, Json]:
    item = spec["paths"][path]
    found = _find(spec, [*item["parameters"], *item["get"]["parameters"]], name)
    if found is None:
        raise StaleCorrection(f"{path} has no parameter {name}")
    return found


def _find(spec: Json, parameters: list[Json], name: str) -> dict[str, Json] | None:
    for parameter in parameters:
        plain = resolve(spec, parameter)
        if plain["name"] == name:
            return plain
    return None


def resolve(spec: Json, node: Json) -> dict[str, Json]:
    """The node itself, or what it refers to."""
    while "$ref" in node:
        _, kind, name = node["$ref"].removeprefix("#/").split("/")
        node = spec["components"][kind][name]
    found: dict[str, Json] = node
    return found


def main(folder: str) -> None:
    """Write both pruned specs."""
    SPECS.mkdir(exist_ok=True)
    for version in KEEP:
        text = json.dumps(prune(Path(folder), version), indent=1, ensure_ascii=False)
        SPECS.joinpath(f"{version}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
