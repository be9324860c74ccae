"""What orders, their lines, draft orders and amounts of money answer."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.sandbox.shopify.answers.fields import (
    always,
    gid_of,
    metafield_of,
    metafields_of,
    text_of,
    time_of,
    value_of,
)
from app.sandbox.shopify.call import Answer, Args, Call
from app.sandbox.shopify.nodes import sees_fulfillment_orders
from app.sandbox.shopify.orders import SOURCE_NAMES, display_status, paid
from app.sandbox.shopify.paging import Page
from app.sandbox.shopify.payloads import PRICE, fulfillable, gid
from app.sandbox.shopify.records import Order
from app.sandbox.shopify.terms import FULFILLMENT_ORDER_TERMS, searched


def _fulfillment_orders_of(order: Order, call: Call, args: Args) -> Page:
    found = call.books.fulfillment_orders_of(order) if sees_fulfillment_orders(call) else []
    test = searched(call, args, FULFILLMENT_ORDER_TERMS)
    if args.get("displayable"):
        found = [one for one in found if one.lines]
    return call.page(filter(test, found), args, key=lambda one: (one.fulfillment_order_id,))


def _financial_status(order: Order, call: Call, args: Args) -> str:
    if order.cancelled_at:
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if order.has_refund else "PAID"


def _suggested_refund(order: Order, call: Call, args: Args) -> dict[str, Any]:
    """The price of the units, by the payment that they were paid by."""
    units = sum(one["quantity"] for one in args.get("refundLineItems") or [])
    left = paid(order) - order.refunded
    amount = str(min(Decimal(PRICE) * units, left))
    payment = {
        "amountSet": amount,
        "gateway": order.gateway,
        "formattedGateway": order.gateway.replace("_", " ").capitalize(),
        "kind": "SUGGESTED_REFUND",
        "parentTransaction": {
            "id": gid("OrderTransaction", order.order_id),
            "manualPaymentGateway": order.gateway == "manual",
        },
    }
    is_paid = units and order.gateway
    return {"amountSet": amount, "suggestedTransactions": [payment] if is_paid else []}


ORDER: dict[str, Answer] = {
    "refunds": lambda order, call, args: order.refunds_told[: args.get("first")],
    "suggestedRefund": _suggested_refund,
    "id": gid_of("Order", "order_id"),
    "legacyResourceId": text_of("order_id"),
    "name": value_of("name"),
    "number": value_of("number"),
    "note": lambda order, call, args: order.note or None,
    "tags": lambda order, call, args: list(order.tags),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "processedAt": time_of("processed_at"),
    "cancelledAt": time_of("cancelled_at"),
    "cancelReason": value_of("cancel_reason"),
    "closedAt": time_of("closed_at"),
    "closed": lambda order, call, args: order.closed_at is not None,
    "confirmed": always(True),
    "edited": value_of("is_edited"),
    "test": always(False),
    "currentSubtotalLineItemsQuantity": lambda order, call, args: sum(
        line.current for line in order.lines
    ),
    "displayFulfillmentStatus": lambda order, call, args: display_status(call.books, order),
    "displayFinancialStatus": _financial_status,
    "fulfillable": lambda order, call, args: any(line.unfulfilled for line in order.lines),
    "requiresShipping": always(True),
    "sourceName": lambda order, call, args: SOURCE_NAMES[order.channel],
    "lineItems": lambda order, call, args: call.page(order.lines, args, key=lambda one: (one.line_id,)),
    "fulfillmentOrders": _fulfillment_orders_of,
    "metafield": metafield_of("Order", "order_id"),
    "metafields": metafields_of("Order", "order_id"),
}


LINE_ITEM: dict[str, Answer] = {
    "id": gid_of("LineItem", "line_id"),
    "name": lambda line, call, args: (
        f"{line.title} - {line.variant_title}" if line.variant_title else line.title
    ),
    "title": value_of("title"),
    "variantTitle": lambda line, call, args: line.variant_title or None,
    "sku": lambda line, call, args: line.sku or None,
    "quantity": value_of("quantity"),
    "currentQuantity": value_of("current"),
    "unfulfilledQuantity": value_of("unfulfilled"),
    "fulfillableQuantity": lambda line, call, args: fulfillable(
        call.books, call.books.order_of_line(line), line
    ),
    "nonFulfillableQuantity": value_of("removed"),
    "refundableQuantity": value_of("current"),
    "requiresShipping": always(True),
    "product": lambda line, call, args: call.books.products.get(line.product_id),
    "variant": lambda line, call, args: call.books.variants.get(line.variant_id),
    "vendor": always(None),
    "originalUnitPriceSet": always(PRICE),
    "sellingPlan": lambda line, call, args: line if line.selling_plan_id else None,
}

SELLING_PLAN: dict[str, Answer] = {
    "id": gid_of("SellingPlan", "plan_id"),
    "name": always("Pre-order"),
    "inventoryPolicy": lambda plan, call, args: plan,
    "metafield": metafield_of("SellingPlan", "plan_id"),
    "metafields": metafields_of("SellingPlan", "plan_id"),
}

INVENTORY_POLICY: dict[str, Answer] = {
    "reserve": lambda plan, call, args: "ON_FULFILLMENT" if plan.reserves_late else "ON_SALE",
}

SOLD_BY_PLAN: dict[str, Answer] = {
    "name": always("Pre-order"),
    "sellingPlanId": gid_of("SellingPlan", "selling_plan_id"),
}

DRAFT_ORDER: dict[str, Answer] = {
    "id": gid_of("DraftOrder", "draft_id"),
    "legacyResourceId": text_of("draft_id"),
    "name": value_of("name"),
    "status": value_of("status"),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "completedAt": always(None),
    "reserveInventoryUntil": time_of("reserve_until"),
    "lineItems": lambda draft, call, args: call.page(
        draft.lines, args, key=lambda line: (line.draft_line_id,)
    ),
    "metafield": metafield_of("DraftOrder", "draft_id"),
    "metafields": metafields_of("DraftOrder", "draft_id"),
}

DRAFT_ORDER_LINE: dict[str, Answer] = {
    "id": gid_of("DraftOrderLineItem", "draft_line_id"),
    "quantity": value_of("quantity"),
    "variant": lambda line, call, args: call.books.variants.get(line.variant_id),
}

MONEY_BAG: dict[str, Answer] = {
    "shopMoney": lambda amount, call, args: amount,
    "presentmentMoney": lambda amount, call, args: amount,
}

MONEY: dict[str, Answer] = {
    "amount": lambda amount, call, args: amount,
    "currencyCode": always("EUR"),
}


ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "Order": ORDER,
    "LineItem": LINE_ITEM,
    "LineItemSellingPlan": SOLD_BY_PLAN,
    "SellingPlan": SELLING_PLAN,
    "SellingPlanInventoryPolicy": INVENTORY_POLICY,
    "DraftOrder": DRAFT_ORDER,
    "DraftOrderLineItem": DRAFT_ORDER_LINE,
    "MoneyBag": MONEY_BAG,
    "MoneyV2": MONEY,
}
