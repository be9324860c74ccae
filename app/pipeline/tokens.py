"""Access that ends, renewed in time: five minutes before, and once when the platform refuses a token.

One renewal at a time per shop, over all workers. Between the platform's answer and our commit a process
may die: the claim runs out, and the old refresh token, which Shopify takes until its replacement is
used, brings new ones.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from app.db import shops, tokens
from app.db.models import Shop
from app.errors import BacklineError, NeedsMerchant, TryLater
from app.platforms.base import Grant
from app.platforms.http import PlatformRefused

EARLY = timedelta(minutes=5)
_PATIENCE_S = 3.0
_PAUSE_S = 0.1
_ASK_AGAIN_S = 2.0


@dataclass(frozen=True)
class Tokens:
    """The access tokens of installed shops. `ask` fetches new ones by platform, domain and refresh
    token."""

    sessions: sessionmaker[Session]
    keys: Sequence[str]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    ask: Callable[[str, str, str | None], Grant]

    def current(self, shop: Shop) -> str:
        """The token to begin with. One that ends soon is renewed first, but it still serves while
        somebody else does that, or while the platform can't. Raises `NeedsMerchant` or `TryLater`."""
        token = tokens.open_token(shop, self.keys)
        if shop.token_until is None or self.clock() < shop.token_until - EARLY:
            return token
        has_ended = self.clock() >= shop.token_until
        try:
            return self._other_than(shop.id, token, patience_s=_PATIENCE_S if has_ended else 0)
        except TryLater:
            if has_ended:
                raise
            return token

    def renewed(self, shop_id: int, refused: str) -> str:
        """Another token than the one that the platform refused: somebody else's newer one, or a new
        one. Raises `NeedsMerchant` if there can't be one, `TryLater` if there is none yet."""
        return self._other_than(shop_id, refused, patience_s=_PATIENCE_S)

    def _other_than(self, shop_id: int, refused: str, *, patience_s: float) -> str:
        owner, waited_s = secrets.token_hex(8), 0.0
        while True:
            with self.sessions.begin() as session:
                shop = shops.get_shop(session, shop_id)
                token = tokens.open_token(shop, self.keys)
                if token != refused:
                    return token
                if shop.token_until is None:
                    raise NeedsMerchant(
                        f"{shop.domain} refuses the access token: it is no longer valid, connect the "
                        "shop again"
                    )
                is_ours = tokens.begin_renewal(session, shop_id, owner, now=self.clock())
            if is_ours:
                return self._renew(shop, owner)
            if waited_s >= patience_s:
                message = f"The access token of {shop.domain} is being renewed"
                raise TryLater(message, after_s=_ASK_AGAIN_S)
            self.sleep(_PAUSE_S)
            waited_s += _PAUSE_S

    def _renew(self, shop: Shop, owner: str) -> str:
        """Ask without a transaction; keep the answer only while the claim is ours."""
        asked_at = self.clock()
        try:
            refresh_token = tokens.open_refresh_token(shop, self.keys)
            grant = self.ask(shop.platform, shop.domain, refresh_token)
        except (BacklineError, PlatformRefused):
            with self.sessions.begin() as session:
                tokens.end_renewal(session, shop.id, owner)
            raise
        with self.sessions.begin() as session:
            if tokens.keep_renewed(session, shop.id, owner, grant, self.keys, now=asked_at):
                return grant.access_token
            return tokens.open_token(shops.get_shop(session, shop.id), self.keys)
