"""Invented people. Payloads carry them so that a test can prove that nobody keeps them."""

import random
from dataclasses import dataclass

FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dmitri", "Esi", "Farid", "Greta", "Hugo")
LAST_NAMES = ("Almeida", "Brandt", "Castellano", "Dubois", "Eriksen", "Fontaine", "Grabowski")
CITIES = ("Porto", "Leipzig", "Bologna", "Nantes", "Aarhus", "Gdynia")


@dataclass(frozen=True)
class Buyer:
    """One of them."""

    customer_id: int
    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    city: str


def invent_buyer(rng: random.Random, customer_id: int) -> Buyer:
    """Somebody who buys something."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    return Buyer(
        customer_id=customer_id,
        first_name=first,
        last_name=last,
        email=f"{first}.{last}@buyer.example".lower(),
        phone=f"+351210{rng.randrange(10**6):06}",
        street=f"{rng.randrange(1, 200)} {last} Street",
        city=rng.choice(CITIES),
    )
