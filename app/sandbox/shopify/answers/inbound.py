"""What shipments, transfers and purchase orders answer."""

from collections.abc import Mapping

from app.sandbox.shopify.answers.fields import (
    always,
    gid_of,
    metafield_of,
    metafields_of,
    time_of,
    value_of,
)
from app.sandbox.shopify.call import Answer
from app.sandbox.shopify.terms import transfer_status

SHIPMENT: dict[str, Answer] = {
    "id": gid_of("InventoryShipment", "shipment_id"),
    "name": value_of("name"),
    "status": value_of("status"),
    "tracking": lambda shipment, call, args: shipment,
    "lineItems": lambda shipment, call, args: call.page(
        shipment.lines, args, key=lambda line: (line.shipment_line_id,)
    ),
    "lineItemTotalQuantity": lambda shipment, call, args: sum(line.quantity for line in shipment.lines),
    "totalReceivedQuantity": lambda shipment, call, args: sum(
        line.accepted + line.rejected for line in shipment.lines
    ),
    "totalAcceptedQuantity": lambda shipment, call, args: sum(line.accepted for line in shipment.lines),
    "totalRejectedQuantity": lambda shipment, call, args: sum(line.rejected for line in shipment.lines),
    "dateCreated": time_of("created_at"),
    "dateShipped": time_of("created_at"),
    "dateReceived": time_of("received_at"),
}

SHIPMENT_TRACKING: dict[str, Answer] = {
    "arrivesAt": time_of("arrives_at"),
    "company": always(None),
    "trackingNumber": always(None),
    "trackingUrl": always(None),
}

SHIPMENT_LINE: dict[str, Answer] = {
    "id": gid_of("InventoryShipmentLineItem", "shipment_line_id"),
    "inventoryItem": lambda line, call, args: call.books.items.get(line.item_id),
    "quantity": value_of("quantity"),
    "acceptedQuantity": value_of("accepted"),
    "rejectedQuantity": value_of("rejected"),
    "unreceivedQuantity": value_of("unreceived"),
}

TRANSFER: dict[str, Answer] = {
    "id": gid_of("InventoryTransfer", "transfer_id"),
    "name": value_of("name"),
    "referenceName": value_of("reference"),
    "status": lambda transfer, call, args: transfer_status(call.books, transfer),
    "dateCreated": time_of("created_at"),
    "shipments": lambda transfer, call, args: call.page(
        [call.books.shipments[one] for one in transfer.shipment_ids],
        args,
        key=lambda one: (one.shipment_id,),
    ),
    "origin": lambda transfer, call, args: call.books.locations.get(transfer.origin_id),
    "destination": lambda transfer, call, args: call.books.locations.get(transfer.location_id),
    "totalQuantity": lambda transfer, call, args: sum(line.quantity for line in transfer.lines),
    "lineItems": lambda transfer, call, args: call.page(
        transfer.lines, args, key=lambda line: (line.transfer_line_id,)
    ),
    "metafield": metafield_of("InventoryTransfer", "transfer_id"),
    "metafields": metafields_of("InventoryTransfer", "transfer_id"),
}


PURCHASE_ORDER: dict[str, Answer] = {
    "id": gid_of("InventoryPurchaseOrder", "purchase_order_id"),
    "name": value_of("name"),
    "status": value_of("status"),
    "archivedAt": time_of("archived_at"),
    "dateCreated": time_of("created_at"),
    "orderedAt": time_of("ordered_at"),
    "destination": lambda order, call, args: call.books.locations.get(order.location_id),
    "origin": lambda order, call, args: order,
    "lineItems": lambda order, call, args: call.page(
        order.lines, args, key=lambda line: (line.purchase_line_id,)
    ),
    "transfers": lambda order, call, args: call.page(
        [call.books.transfers[one] for one in order.transfer_ids],
        args,
        key=lambda one: (one.transfer_id,),
    ),
}

SUPPLIER_SNAPSHOT: dict[str, Answer] = {"supplierName": value_of("supplier")}

PURCHASE_LINE: dict[str, Answer] = {
    "id": gid_of("InventoryPurchaseOrderLineItem", "purchase_line_id"),
    "inventoryItem": lambda line, call, args: call.books.items.get(line.item_id),
    "supplierSku": lambda line, call, args: line.supplier_sku or None,
    "totalQuantity": value_of("quantity"),
}


TRANSFER_LINE: dict[str, Answer] = {
    "id": gid_of("InventoryTransferLineItem", "transfer_line_id"),
    "inventoryItem": lambda line, call, args: call.books.items.get(line.item_id),
    "totalQuantity": value_of("quantity"),
    "shippedQuantity": value_of("shipped"),
}

LOCATION_SNAPSHOT: dict[str, Answer] = {
    "location": lambda location, call, args: location,
    "name": value_of("name"),
    "snapshottedAt": time_of("updated_at"),
}


ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "LocationSnapshot": LOCATION_SNAPSHOT,
    "InventoryPurchaseOrder": PURCHASE_ORDER,
    "InventoryPurchaseOrderLineItem": PURCHASE_LINE,
    "InventorySupplierSnapshot": SUPPLIER_SNAPSHOT,
    "InventoryTransferLineItem": TRANSFER_LINE,
    "InventoryShipment": SHIPMENT,
    "InventoryShipmentTracking": SHIPMENT_TRACKING,
    "InventoryShipmentLineItem": SHIPMENT_LINE,
    "InventoryTransfer": TRANSFER,
}
