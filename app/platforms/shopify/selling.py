"""Whether variants are sold when they are out of stock.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/productVariantsBulkUpdate. It names the
product whose variants it changes, so those of one product are changed together, all or none.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from app.core.selling import SettingName
from app.platforms.base.selling import SellingChange, SellingRead, SellingSetting, SoldItem
from app.platforms.shopify.aliases import Mutation, Part, send
from app.platforms.shopify.answers import typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids, number_of

SCOPE = "write_products"
"""What it takes to write; reading takes `read_products`, which every install has."""
_VARIANTS_AT_ONCE = 250
"""What `nodes` takes."""
POLICIES_COST = 2
POLICIES = """query Policies($ids: [ID!]!) {
  nodes(ids: $ids) { ... on ProductVariant { id inventoryPolicy product { id } } }
}"""
SET_POLICY = Mutation(
    "productVariantsBulkUpdate", {"productId": "ID!", "variants": "[ProductVariantsBulkInput!]!"}
)


class _Product(msgspec.Struct, frozen=True):
    id: str


class _Variant(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    inventory_policy: str
    product: _Product


class ShopifySeller:
    """See `app.platforms.base.selling.Seller` for what each method promises."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def try_scope(self) -> bool | None:
        """The profile tells."""
        return None

    def read(self, items: Sequence[SoldItem]) -> SellingRead:
        """Two points a variant."""
        owner = {one: item.item_id for item in items for one in (*item.variant_ids, *item.kept_ids)}
        if not owner:
            return SellingRead([])
        numbers = list(owner)
        told = {
            number_of(node.id): node
            for start in range(0, len(numbers), _VARIANTS_AT_ONCE)
            for node in self._fetch(numbers[start : start + _VARIANTS_AT_ONCE])
            if node is not None
        }
        settings = [
            SellingSetting(
                owner[one], one, SettingName.POLICY, node.inventory_policy, number_of(node.product.id)
            )
            for one, node in told.items()
        ]
        gone = frozenset((owner[one], one) for one in owner.keys() - told.keys())
        return SellingRead(settings, gone)

    def _fetch(self, variant_ids: Sequence[int]) -> list[_Variant | None]:
        ids = gids("ProductVariant", variant_ids)
        data = self._client.execute(POLICIES, {"ids": ids}, cost=POLICIES_COST * len(ids))
        return typed(data["nodes"], list[_Variant | None])

    def trips(self, changes: Sequence[SellingChange]) -> list[list[SellingChange]]:
        """All of them in one."""
        return [list(changes)] if changes else []

    def write(self, changes: Sequence[SellingChange]) -> list[str]:
        """A mutation a product."""
        by_product = attrgetter("setting.group_id")
        groups = groupby(sorted(changes, key=by_product), key=by_product)
        refusals = send(self._client, [_part(product, list(some)) for product, some in groups])
        return [refusals.get(_alias(one.setting.group_id), "") for one in changes]


def _alias(product_id: int) -> str:
    return f"p{product_id}"


def _part(product_id: int, changes: Sequence[SellingChange]) -> Part:
    variants = [
        {"id": gid("ProductVariant", one.setting.target_id), "inventoryPolicy": one.value}
        for one in changes
    ]
    values = {"productId": gid("Product", product_id), "variants": variants}
    return Part(_alias(product_id), SET_POLICY, values)
