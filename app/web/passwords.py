"""Passwords of invited staff: what is refused, and how they are kept.

Argon2id with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 rounds, 1 lane); which
passwords are refused follows NIST SP 800-63B: length and the most obvious, no rules of composition.
"""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 1024
_FEWEST_CHARACTERS = 5
_SHORTEST_NAME = 4
_RUNS = ("0123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_OBVIOUS = ("password", "passwort", "letmein", "welcome", "qwerty", "backline", "admin", "iloveyou")
_REST = 4
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes and compares; takes the same time for an address that nobody has."""

    def __init__(self, hasher: PasswordHasher = _HASHER) -> None:
        self._hasher = hasher
        # Made now: made by the first sign-in that needs it, that one would take twice as long.
        self._nobodys = _nobodys_hash(hasher)

    def make_hash(self, password: str) -> str:
        """What is stored."""
        return self._hasher.hash(_normal(password))

    def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is that of the hash; never, if there is no hash."""
        try:
            self._hasher.verify(password_hash or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def what_is_wrong(password: str, *, email: str) -> str | None:
    """Why this can't be the password of that address, in a sentence; None if it can."""
    plain = _normal(password).casefold()
    if len(plain) < SHORTEST:
        return f"Take at least {SHORTEST} characters: four or five words are easy to remember."
    if len(plain) > LONGEST:
        return f"Take at most {LONGEST} characters."
    if len(set(plain)) < _FEWEST_CHARACTERS or plain in plain[1:] + plain[:-1]:
        return "This repeats itself: it would be guessed soon."
    if any(plain in run or plain in run[::-1] for run in _RUNS):
        return "This is a row of the keyboard or of the alphabet: it would be guessed soon."
    rest = plain
    for word in _obvious(email):
        rest = rest.replace(word, "")
    if sum(character.isalpha() for character in rest) < _REST and rest != plain:
        return "This is too easy to guess: it is little more than a common word."
    return None


@cache
def _nobodys_hash(hasher: PasswordHasher) -> str:
    """What is compared for an address that nobody has: of a password that nobody knows."""
    return hasher.hash(secrets.token_urlsafe())


def _obvious(email: str) -> list[str]:
    name, _, host = email.partition("@")
    own = [part for part in (email, name, host, host.partition(".")[0]) if len(part) >= _SHORTEST_NAME]
    return [*own, *_OBVIOUS]


def _normal(password: str) -> str:
    """The same characters, however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)
