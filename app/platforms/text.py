"""What other people type, made fit to be stored."""


def printable(text: str | None) -> str:
    """Text that can be stored: PostgreSQL refuses NUL."""
    return (text or "").replace("\0", "")
