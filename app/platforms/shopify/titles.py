"""How Shopify names what is sold."""

from app.platforms.text import printable

NO_VARIANT = "Default Title"
"""The variant title of a product without variants."""


def full_title(product: str, variant: str | None) -> str:
    """ "Product - Variant", as Shopify prints it, or "Product" where there is only one variant."""
    if not variant or variant == NO_VARIANT:
        return printable(product)
    return printable(f"{product} - {variant}")
