"""The tables, a module each for what they hold. A row's key begins with its shop, so that no foreign key
can cross shops.

An attribute says what the column is for today. Some columns keep the name that they were made with
(`mapped_column("look_at")`): the build before works on the same table.

Ids of orders, items, variants and locations are the platform's own (up to 18 digits).
"""

from app.db.models.arrivals import (
    ApiCallRow,
    ArrivalRow,
    ArrivalUndoRow,
    FileLayoutRow,
    UploadRow,
)
from app.db.models.audit import Event
from app.db.models.base import Base, UtcDateTime
from app.db.models.feeds import FeedRow
from app.db.models.holds import HoldCheckRow, HoldRow
from app.db.models.inbox import DeliveryRow
from app.db.models.moves import MoveRow
from app.db.models.orders import (
    DemandChangeRow,
    DoubtRow,
    LineItemRow,
    LineRow,
    Order,
    RouteRow,
    SellingPlanRow,
)
from app.db.models.people import (
    AlertSubscriptionRow,
    AlertToldRow,
    SavedViewRow,
    SignInRow,
    StaffRow,
    UsedTokenRow,
)
from app.db.models.promises import IN_BULK, TAGGED, BulkWriteRow, NoticeRow, PromiseRow, ShownRow
from app.db.models.queues import LongQueue, LongQueuePage
from app.db.models.refunds import RefundRow
from app.db.models.selling import SellingCheckRow, SellingRow
from app.db.models.shops import Shop
from app.db.models.stock import (
    BOUGHT_BY,
    NAMES,
    SELLS,
    ItemCodeRow,
    PoolRow,
    ReservationRow,
    StockItem,
    Variant,
)
from app.db.models.turns import TurnRow

__all__ = [
    "BOUGHT_BY",
    "IN_BULK",
    "NAMES",
    "SELLS",
    "TAGGED",
    "AlertSubscriptionRow",
    "AlertToldRow",
    "ApiCallRow",
    "ArrivalRow",
    "ArrivalUndoRow",
    "Base",
    "BulkWriteRow",
    "DeliveryRow",
    "DemandChangeRow",
    "DoubtRow",
    "Event",
    "FeedRow",
    "FileLayoutRow",
    "HoldCheckRow",
    "HoldRow",
    "ItemCodeRow",
    "LineItemRow",
    "LineRow",
    "LongQueue",
    "LongQueuePage",
    "MoveRow",
    "NoticeRow",
    "Order",
    "PoolRow",
    "PromiseRow",
    "RefundRow",
    "ReservationRow",
    "RouteRow",
    "SavedViewRow",
    "SellingCheckRow",
    "SellingPlanRow",
    "SellingRow",
    "Shop",
    "ShownRow",
    "SignInRow",
    "StaffRow",
    "StockItem",
    "TurnRow",
    "UploadRow",
    "UsedTokenRow",
    "UtcDateTime",
    "Variant",
]
