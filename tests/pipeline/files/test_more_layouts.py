"""Kinds of files that tools and people make, with what a person would say that each says."""

import pytest

from tests.pipeline.files.test_other_layouts import gives


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        # NetSuite names an item under its parent, and says of the order what its bill waits for.
        (("Document Number,Line ID,Item,Quantity,Quantity Fulfilled/Received,Expected Receipt "
          "Date,Status",
          "PO1234,1,MUG-BLUE,40,15,12/15/2026,Purchase Order:Partially Received",
          "PO1235,1,TOWEL,12,0,12/20/2026,Purchase Order:Closed"),
         ["PO1234: 40 × MUG-BLUE, 2026-12-15, 15 received", "PO1235: TOWEL is not incoming"]),
        # SAP: three decimals, a line's own number called item, a remainder.
        (("Purchasing Document\tItem\tMaterial\tOrder Quantity\tStill to be delivered "
          "(qty)\tDelivery date",
          "4500012345\t10\tMUG-BLUE\t40,000\t25,000\t15.12.2026",
          "4500012345\t20\tTOWEL\t12,000\t0,000\t15.12.2026"),
         ["4500012345: 25 × MUG-BLUE, 2026-12-15", "4500012345: TOWEL is not incoming"]),
        (("Einkaufsbeleg;Position;Material;Bestellmenge;Noch zu liefern "
          "(Menge);Lieferdatum;Löschkennzeichen",
          "4500012345;10;MUG-BLUE;40;25;15.12.2026;", "4500012346;10;TOWEL;12;12;15.12.2026;L"),
         ["4500012345: 25 × MUG-BLUE, 2026-12-15", "4500012346: TOWEL is not incoming"]),
        # Business Central
        (("Document No.,Line No.,Type,No.,Description,Quantity,Outstanding Quantity,Expected "
          "Receipt Date",
          "106001,10000,Item,MUG-BLUE,Blue mug,40,25,15/12/2026"),
         ["106001: 25 × MUG-BLUE, 2026-12-15"]),
        # Odoo: a moment, received quantities, a product with its code in brackets.
        (("Order Reference,Product,Quantity,Received Qty,Expected Arrival,Status",
          "P00021,[MUG-BLUE] Blue mug,40.0,15.0,2026-12-15 12:00:00,Purchase Order",
          "P00022,[TOWEL] Towel,12.0,0.0,2026-12-20 12:00:00,RFQ"),
         ["P00021: 40 × MUG-BLUE, 2026-12-15, 15 received", "P00022: TOWEL is not incoming"]),
        # Prices that look like quantities.
        (("PO,SKU,Unit,Qty,Unit cost,Line total,ETA", "PO-1,MUG-BLUE,pcs,40,12,480,2026-12-15"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15"]),
        # A negative correction of the same goods leaves what still comes in doubt.
        (("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40,2026-12-15", "PO-1,MUG-BLUE,-5,2026-12-15",
          "PO-2,TOWEL,3,2026-12-15"),
         ["ask", "ask", "PO-2: 3 × TOWEL, 2026-12-15"]),
        # Excel's numbers for days, and ISO weeks with a day.
        (("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40,46371", "PO-2,TOWEL,3,2026-W51-2"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "PO-2: 3 × TOWEL, 2026-12-15"]),
        # Units per case.
        (("PO,SKU,Cases,Units per case,ETA", "PO-1,MUG-BLUE,4,10,2026-12-15"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15"]),
        # A merged cell stands in its first row only.
        (("PO,Supplier,ETA,SKU,Qty", "PO-1,Acme,2026-12-15,MUG-BLUE,40", ",,,TOWEL,12"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "PO-1: 12 × TOWEL, 2026-12-15"]),
        # A second table on the sheet, under its own names, of which the first are known.
        (("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40,2026-12-15", "", "PO,SKU,Qty,ETA",
          "PO-2,TOWEL,3,2026-12-20"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "PO-2: 3 × TOWEL, 2026-12-20"]),
        # Status words.
        (("Bestellnum"
          "mer;Artikelnummer;Menge;Liefertermin;Status", "1;MUG-BLUE;40;15.12.2026;Teillieferung",
          "2;TOWEL;3;15.12.2026;Storniert"),
         ["1: 40 × MUG-BLUE, 2026-12-15", "2: TOWEL is not incoming"]),
        (("N° commande;Référence article;Quantité;Date de livraison prévue;Statut",
          "1;MUG-BLUE;40;15/12/2026;En attente de livraison", "2;TOWEL;3;15/12/2026;Soldée"),
         ["1: 40 × MUG-BLUE, 2026-12-15", "2: TOWEL is not incoming"]),
        (("Pedido;Referencia;Cantidad;Fecha prevista;Estado", "1;MUG-BLUE;40;15/12/2026;Pendiente "
          "de recibir",
          "2;TOWEL;3;15/12/2026;Anulado"),
         ["1: 40 × MUG-BLUE, 2026-12-15", "2: TOWEL is not incoming"]),
        (("発注番号,商品コード,数量,入荷予定日,ステータス", "1,MUG-BLUE,40,2026年12月15日,発注済",
          "2,TOWEL,3,2026/12/15,キャンセル"),
         ["1: 40 × MUG-BLUE, 2026-12-15", "2: TOWEL is not incoming"]),
        # QuickBooks
        (("Date,Num,Name,Memo/Description,Product/Service,Qty,Received Qty,Backordered,Expected Date",
          "11/20/2026,PO-17,Acme,Mug,MUG-BLUE,40,15,25,12/15/2026"),
         ["PO-17: 40 × MUG-BLUE, 2026-12-15, 15 received"]),
        # Amazon Vendor
        (("PO,Vendor,Ship to location,ASIN,External ID,Model Number,Title,Availability,Window "
          "Type,Window start,"
          "Window end,Expected date,Quantity Requested,Accepted quantity,Unit Cost",
          "4ABCDEFG,ACME1,,B000000001,0400638133393,MUG-BLUE,Mug,AC - Accepted: In stock,Delivery "
          "Window,"
          "12/01/2026,12/15/2026,12/10/2026,40,30,4.5"),
         ["4ABCDEFG: 30 × MUG-BLUE, 2026-12-10"]),
        # Zoho
        (("Purchase Order Date,Delivery Date,Purchase Order Number,Purchase Order Status,Vendor "
          "Name,SKU,"
          "QuantityOrdered,QuantityReceived,QuantityCancelled,Item Price",
          "2026-11-20,2026-12-15,PO-00007,Issued,Acme,MUG-BLUE,40,15,5,12"),
         ["PO-00007: 35 × MUG-BLUE, 2026-12-15, 15 received"]),
        # Unleashed
        (("Order No.,Order Date,Delivery Date,Supplier Name,Product Code,Order Qty,Received Qty,Status",
          "PO-00000042,20/11/2026,15/12/2026,Acme,MUG-BLUE,40,15,Receipted",
          "PO-00000043,20/11/2026,15/12/2026,Acme,TOWEL,12,0,Parked"),
         ["PO-00000042: MUG-BLUE is not incoming", "PO-00000043: TOWEL is not incoming"]),
        # Katana
        (("Order #,Supplier,Item / Variant code,Quantity,UoM,Expected arrival,Delivery,Price per unit",
          "PO-7,Acme,MUG-BLUE,40,pcs,2026-12-15,Not received,12"),
         ["PO-7: 40 × MUG-BLUE, 2026-12-15"]),
        # A free sample or the price break beside it is no order.
        (("PO,SKU,Qty,Free qty,MOQ,ETA", "PO-1,MUG-BLUE,40,4,100,2026-12-15"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15"]),
        # Xero keeps an order's status on each line, and the delivery date once.
        (("PurchaseOrderNumber,ContactName,PurchaseOrderDate,DeliveryDate,InventoryItemCode,Quantity,"
          "UnitAmount,Status",
          "PO-0001,Acme,20/11/2026,15/12/2026,MUG-BLUE,40,4.5,AUTHORISED",
          "PO-0002,Acme,20/11/2026,15/12/2026,TOWEL,3,2,BILLED"),
         ["PO-0001: 40 × MUG-BLUE, 2026-12-15", "ask"]),
        # Words beside numbers and days.
        (("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40 units,approx. 15 Dec 2026", "PO-2,TOWEL,3 ea,mid "
          "December 2026"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "ask"]),
        # Cin7: backorders of our own customers stand beside what is on order.
        (("Order Ref,Item Code,Qty Ordered,Qty Received,Customer backorders,Estimated Arrival",
          "PO-101,MUG-BLUE,40,15,7,2026-12-15"),
         ["PO-101: 40 × MUG-BLUE, 2026-12-15, 15 received"]),
        # A file from a person, with a remark in a row of its own and a deposit.
        (("Order list Acme,,,", "please check,,,", "PO no,Article,Pieces,Arrives", "17,MUG-BLUE,"
          "40,15 Dec",
          "17,Deposit 30%,,", "17,TOWEL,12,15 Dec"),
         ["17: 40 × MUG-BLUE, 2026-12-15", "ask", "17: 12 × TOWEL, 2026-12-15"]),
    ],
)  # fmt: skip
def test_a_file_gives_what_a_person_would_say(lines: tuple[str, ...], found: list[str]) -> None:
    assert gives(*lines) == found
