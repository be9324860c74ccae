"""What an app changes of products: here only whether a variant sells on when it is out of stock."""

from collections.abc import Mapping

from graphql import GraphQLError

from app.sandbox.shopify import marks, payloads
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.mutations.refusals import Payload, refused, user_error
from app.sandbox.shopify.records import Variant

_MODELLED = {"id", "inventoryPolicy"}


def _variants_update(root: None, call: Call, args: Args) -> Payload | None:
    """All of them or, where one is wrong, none."""
    if args.get("media") or args.get("allowPartialUpdates"):
        raise GraphQLError("the sandbox takes neither media nor partial updates of variants")
    product = call.books.products.get(read_gid(args["productId"], "Product")[1])
    if product is None:
        return refused(user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST"))
    found: list[tuple[Variant, Args]] = []
    for place, wish in enumerate(args["variants"]):
        if unknown := set(wish) - _MODELLED:
            raise GraphQLError(f"the sandbox doesn't update a variant's {', '.join(sorted(unknown))}")
        variant = call.books.variants.get(read_gid(wish["id"], "ProductVariant")[1])
        if variant is None or variant.product_id != product.product_id:
            return refused(
                user_error(
                    ["variants", str(place), "id"],
                    "Product variant does not exist",
                    "PRODUCT_VARIANT_DOES_NOT_EXIST",
                )
            )
        if variant.variant_id in call.shop.faults.broken_variants:
            raise GraphQLError("Internal error", extensions={"code": "INTERNAL_SERVER_ERROR"})
        if variant.variant_id in call.shop.faults.refused_variants:
            return refused(user_error(["variants", str(place)], "Variant can't be changed", "INVALID"))
        found.append((variant, wish))
    for variant, wish in found:
        policy = wish.get("inventoryPolicy", variant.policy)
        detail = f"variant {variant.variant_id}: {policy}"
        marks.record(call.books, call.number, "policy set", order_id=None, detail=detail)
        variant.policy, variant.updated_at = policy, call.books.now()
    call.books.tell("products/update", lambda: payloads.product(call.books, product))
    if call.shop.faults.mutes_policies:
        return None
    return {
        "product": product,
        "productVariants": [variant for variant, _ in found],
        "userErrors": [],
    }


MUTATIONS: Mapping[str, Answer] = {"productVariantsBulkUpdate": _variants_update}
