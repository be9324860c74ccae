"""Cut Shopify's published schema down to what this sandbox answers, word for word.

    python -m app.sandbox.shopify.prune admin-2026-10.graphql.gz

writes `schema.graphql` beside this file. Names, types, arguments, defaults and deprecations stay as
Shopify publishes them; only descriptions and whatever nobody here answers are dropped.
"""

import gzip
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from graphql import parse, print_ast
from graphql.language import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    Visitor,
    visit,
)

SCHEMA_PATH = Path(__file__).with_name("schema.graphql")
ADDED_PATH = Path(__file__).with_name("purchase-orders.graphql")
"""What Shopify documents and the copy of its schema lacks."""


def whole_schema() -> str:
    """What the sandbox answers: cut from the published schema, and what was added to it since."""
    return SCHEMA_PATH.read_text(encoding="utf-8") + ADDED_PATH.read_text(encoding="utf-8")


BUILT_IN = {"Boolean", "Float", "ID", "Int", "String"}

# Types of these names are plumbing: kept with all their fields as soon as anything returns them.
WHOLE_SUFFIXES = ("Connection", "Edge", "Payload", "UserError")

KEEP: Mapping[str, str] = {
    "QueryRoot": """node nodes order orders ordersCount fulfillmentOrder fulfillmentOrders
        manualHoldsFulfillmentOrders inventoryItem inventoryItems inventoryLevel productVariant
        productVariants locations location shop shopLocales currentAppInstallation
        webhookSubscription webhookSubscriptions bulkOperation bulkOperations inventoryShipment
        inventoryShipments inventoryTransfers draftOrders""",
    "Mutation": """tagsAdd tagsRemove orderUpdate metafieldsSet metafieldsDelete
        webhookSubscriptionCreate webhookSubscriptionUpdate webhookSubscriptionDelete
        bulkOperationRunQuery bulkOperationRunMutation bulkOperationCancel stagedUploadsCreate
        fulfillmentOrderHold fulfillmentOrderReleaseHold fulfillmentOrderMove
        productVariantsBulkUpdate refundCreate""",
    "Node": "id",
    "LegacyInteroperability": "legacyResourceId",
    "HasMetafields": "metafield metafields",
    "HasCompareDigest": "compareDigest",
    "DisplayableError": "field message",
    "PageInfo": "endCursor hasNextPage hasPreviousPage startCursor",
    "Count": "count precision",
    "Order": """id legacyResourceId name number note tags createdAt updatedAt processedAt cancelledAt
        cancelReason closedAt closed confirmed edited test currentSubtotalLineItemsQuantity
        displayFulfillmentStatus
        displayFinancialStatus fulfillable requiresShipping sourceName lineItems fulfillmentOrders
        refunds suggestedRefund metafield metafields""",
    "LineItem": """id name title variantTitle sku quantity currentQuantity unfulfilledQuantity
        fulfillableQuantity nonFulfillableQuantity refundableQuantity requiresShipping product
        variant vendor originalUnitPriceSet sellingPlan""",
    "SuggestedRefund": "amountSet suggestedTransactions",
    "SuggestedOrderTransaction": "amountSet formattedGateway gateway kind parentTransaction",
    "OrderTransaction": "id manualPaymentGateway",
    "Refund": "id legacyResourceId createdAt note",
    "LineItemSellingPlan": "name sellingPlanId",
    "SellingPlan": "id name inventoryPolicy",
    "SellingPlanInventoryPolicy": "reserve",
    "DraftOrder": "id name status createdAt updatedAt completedAt reserveInventoryUntil lineItems",
    "DraftOrderLineItem": "id quantity variant",
    "MoneyBag": "shopMoney presentmentMoney",
    "MoneyV2": "amount currencyCode",
    "FulfillmentOrder": """id assignedLocation createdAt fulfillAt fulfillBy fulfillmentHolds lineItems
        order orderId orderName orderProcessedAt requestStatus status supportedActions updatedAt
        locationsForMove""",
    "FulfillmentOrderLocationForMove": """location movable message availableLineItems
        availableLineItemsCount unavailableLineItems unavailableLineItemsCount""",
    "FulfillmentOrderAssignedLocation": "location name",
    "FulfillmentOrderLineItem": """id inventoryItemId lineItem productTitle remainingQuantity
        requiresShipping sku totalQuantity variant variantTitle vendor""",
    "FulfillmentOrderSupportedAction": "action externalUrl",
    "FulfillmentHold": "id displayReason handle heldByApp heldByRequestingApp reason reasonNotes",
    "InventoryItem": """id legacyResourceId createdAt updatedAt sku tracked requiresShipping
        inventoryLevel inventoryLevels variant variants""",
    "InventoryLevel": "id createdAt updatedAt isActive item location quantities",
    "InventoryQuantity": "id name quantity updatedAt",
    "ProductVariant": """id legacyResourceId createdAt updatedAt title displayName sku barcode
        inventoryItem inventoryPolicy inventoryQuantity product""",
    "Product": "id legacyResourceId title vendor createdAt updatedAt",
    "Location": """id legacyResourceId name isActive createdAt updatedAt fulfillsOnlineOrders
        shipsInventory deactivatedAt""",
    "Shop": """id name myshopifyDomain ianaTimezone currencyCode primaryDomain plan email contactEmail
        createdAt updatedAt url""",
    "ShopPlan": "displayName publicDisplayName partnerDevelopment shopifyPlus",
    "Domain": "id host sslEnabled url",
    "ShopLocale": "locale name primary published",
    "Metafield": """id legacyResourceId namespace key type value jsonValue compareDigest createdAt
        updatedAt ownerType owner""",
    "MetafieldIdentifier": "key namespace ownerId",
    "App": "id handle title apiKey",
    "AppInstallation": "id accessScopes app",
    "AccessScope": "handle description",
    "ApiVersion": "displayName handle supported",
    "WebhookSubscription": """id legacyResourceId topic uri filter format includeFields name apiVersion
        metafieldNamespaces createdAt updatedAt""",
    "BulkOperation": """id status type errorCode query url partialDataUrl fileSize objectCount
        rootObjectCount createdAt completedAt""",
    "StagedMediaUploadTarget": "parameters resourceUrl url",
    "StagedUploadParameter": "name value",
    "InventoryShipment": """id name status tracking lineItems lineItemTotalQuantity
        totalReceivedQuantity totalAcceptedQuantity totalRejectedQuantity dateCreated dateShipped
        dateReceived""",
    "InventoryTransfer": """id name referenceName status dateCreated shipments origin destination
        lineItems totalQuantity""",
    "InventoryTransferLineItem": "id inventoryItem totalQuantity shippedQuantity",
    "LocationSnapshot": "location name snapshottedAt",
    "InventoryShipmentTracking": "arrivesAt company trackingNumber trackingUrl",
    "InventoryShipmentLineItem": """id inventoryItem quantity acceptedQuantity rejectedQuantity
        unreceivedQuantity""",
}


NODES = ("SellingPlan",)
"""What is found by its id alone."""


class UndeclaredType(Exception):
    """Something kept returns a type for which `KEEP` doesn't say which fields are wanted."""


def prune(sdl: str) -> str:
    """The pruned schema of a full one, in a fixed order."""
    definitions = parse(sdl, no_location=True).definitions
    types = {d.name.value: d for d in definitions if isinstance(d, TypeDefinitionNode)}
    pruned = _reachable(types)
    head = [d for d in definitions if isinstance(d, SchemaDefinitionNode | DirectiveDefinitionNode)]
    kept: list[DefinitionNode] = [*head, *(pruned[name] for name in sorted(pruned))]
    document = visit(DocumentNode(definitions=tuple(kept)), _DropDescriptions())
    return print_ast(document).rstrip() + "\n"


def _reachable(types: Mapping[str, TypeDefinitionNode]) -> dict[str, TypeDefinitionNode]:
    pruned: dict[str, TypeDefinitionNode] = {}
    waiting = ["QueryRoot", "Mutation", *NODES, *(name for name in KEEP if _is_interface(types[name]))]
    while waiting:
        name = waiting.pop()
        if name in pruned or name in BUILT_IN:
            continue
        pruned[name] = _narrowed(types[name], types)
        waiting += _needs(pruned[name])
    return pruned


def _is_interface(definition: TypeDefinitionNode) -> bool:
    return isinstance(definition, InterfaceTypeDefinitionNode)


def _narrowed(node: TypeDefinitionNode, types: Mapping[str, TypeDefinitionNode]) -> TypeDefinitionNode:
    if isinstance(
        node, ScalarTypeDefinitionNode | EnumTypeDefinitionNode | InputObjectTypeDefinitionNode
    ):
        return node
    if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        raise UndeclaredType(f"{node.name.value} is a {node.kind}: leave out the fields that return it")
    interfaces = tuple(i for i in node.interfaces if i.name.value in KEEP)
    wanted = _wanted(node.name.value, interfaces)
    if wanted is None:
        return node
    fields = tuple(field for field in node.fields if field.name.value in wanted)
    if missing := wanted - {field.name.value for field in fields}:
        raise UndeclaredType(f"{node.name.value} has no field {', '.join(sorted(missing))}")
    narrowed = type(node)
    return narrowed(name=node.name, directives=node.directives, interfaces=interfaces, fields=fields)


def _wanted(name: str, interfaces: Iterable[NamedTypeNode]) -> set[str] | None:
    """The fields to keep of a type, None for all: its own and those its kept interfaces demand."""
    if name not in KEEP and name.endswith(WHOLE_SUFFIXES):
        return None
    if name not in KEEP:
        raise UndeclaredType(f"say in KEEP which fields of {name} are wanted")
    demanded = (KEEP[interface.name.value] for interface in interfaces)
    return set(" ".join([KEEP[name], *demanded]).split())


def _needs(node: TypeDefinitionNode) -> list[str]:
    names: list[str] = [i.name.value for i in getattr(node, "interfaces", ())]
    for field in getattr(node, "fields", ()):
        names.append(_named(field.type))
        if isinstance(field, FieldDefinitionNode):
            names += [_named(argument.type) for argument in field.arguments]
    return names


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]  # lists and non-nulls wrap another type
    return node.name.value


class _DropDescriptions(Visitor):
    def enter(self, node: object, *_: object) -> object:
        if getattr(node, "description", None) is None:
            return None
        keys = {k: getattr(node, k) for k in node.keys if k not in ("description", "loc")}  # type: ignore[attr-defined]
        return type(node)(**keys)


def main(full_path: str) -> None:
    """Write the pruned copy of the full schema at `full_path` (.graphql or .graphql.gz)."""
    raw = Path(full_path).read_bytes()
    sdl = gzip.decompress(raw) if full_path.endswith(".gz") else raw
    SCHEMA_PATH.write_text(prune(sdl.decode()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
