"""Links that end somebody's alerts without a sign-in: signed, so that nobody can end another's."""

from itsdangerous import BadData, URLSafeSerializer

from app.settings import Settings

_SALT = "email alerts"


def unsubscribe_link(settings: Settings, shop_id: int, email: str) -> str:
    """The address for one person and shop."""
    token = _serializer([settings.secret_key]).dumps([shop_id, email])
    return f"{settings.app_url}/unsubscribe/{token}"


def read_token(settings: Settings, token: str) -> tuple[int, str] | None:
    """Whose alerts of which shop it is about; None for a link that we did not make."""
    keys = [key for key in (settings.secret_key, settings.secret_key_previous) if key]
    try:
        shop_id, email = _serializer(keys).loads(token)
        return int(shop_id), str(email)
    except (BadData, ValueError, TypeError):
        return None


def _serializer(keys: list[str]) -> URLSafeSerializer:
    """Keys newest first; itsdangerous signs with the last."""
    return URLSafeSerializer(list(reversed(keys)), salt=_SALT)
