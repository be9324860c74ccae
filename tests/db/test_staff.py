"""Who may look at a shop: invitations, passwords, signed-in browsers."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import shops, staff
from app.db.models import Shop, SignInRow, StaffRow
from app.db.staff import Role
from tests.builders import NOW, installed_shop

ANN = "ann@shop.example"


@pytest.fixture
def other(session: Session) -> Shop:
    """Another merchant's shop."""
    return installed_shop(session, "b.myshopify.com")


def signed_in(session: Session, *of: Shop, subject: str = "shopify:1", role: Role = Role.LOOK) -> str:
    """A browser that is signed in for these shops; its digest."""
    roles = {shop.id: role for shop in of}
    token = staff.add_sign_in(session, roles, subject=subject, name="Ann", is_embedded=False, now=NOW)
    return staff.digest_of(token)


def seen(session: Session, digest: str, *, after: timedelta = timedelta()) -> list[int]:
    """The shops that the browser may see after a while."""
    return [each.sign_in.shop_id for each in staff.find_sign_in(session, digest, now=NOW + after)]


def invited(session: Session, shop: Shop, *, role: Role = Role.LOOK) -> str:
    """Ann is invited to the shop; her link's token."""
    return staff.invite(session, shop.id, ANN, role=role, now=NOW)


# Links and passwords


def test_a_link_works_once(session: Session, shop: Shop) -> None:
    token = invited(session, shop)

    assert staff.use_link(session, token, "hash", now=NOW) is not None
    assert staff.use_link(session, token, "another", now=NOW) is None
    assert staff.find_invited(session, token, now=NOW) is None
    assert [row.password_hash for row in staff.memberships(session, ANN)] == ["hash"]


def test_a_link_lives_for_three_days(session: Session, shop: Shop) -> None:
    token = invited(session, shop)

    just_before = NOW + timedelta(hours=72) - timedelta(seconds=1)
    assert staff.find_invited(session, token, now=just_before) is not None
    assert staff.find_invited(session, token, now=NOW + timedelta(hours=72)) is None
    assert staff.use_link(session, token, "hash", now=NOW + timedelta(hours=72)) is None


def test_a_new_link_replaces_the_old(session: Session, shop: Shop) -> None:
    old = invited(session, shop)
    new = invited(session, shop, role=Role.MANAGE)

    assert staff.use_link(session, old, "hash", now=NOW) is None
    assert staff.use_link(session, new, "hash", now=NOW) is not None
    assert [row.role for row in staff.list_staff(session, shop.id)] == ["manage"]


def test_a_link_of_one_shop_sets_no_password_of_another(
    session: Session, shop: Shop, other: Shop
) -> None:
    """Else whoever manages a shop could invite a stranger's staff and use the link themselves."""
    hers, invited_only = invited(session, shop), invited(session, other)
    staff.use_link(session, hers, "hers", now=NOW)
    digest = signed_in(session, shop, subject=f"staff:{ANN}")

    staff.use_link(session, invited_only, "a thief's", now=NOW)

    kept = {row.shop_id: row.password_hash for row in staff.memberships(session, ANN)}
    assert kept == {shop.id: "hers", other.id: "a thief's"}
    assert seen(session, digest) == [shop.id]


def test_no_token_is_stored(session: Session, shop: Shop) -> None:
    """Whoever reads the database can't sign in with what they find."""
    link = invited(session, shop)
    token = staff.add_sign_in(
        session, {shop.id: Role.LOOK}, subject="a", name="Ann", is_embedded=False, now=NOW
    )

    kept = [
        str(value)
        for table in (StaffRow, SignInRow)
        for row in session.execute(sa.select(*table.__table__.columns))
        for value in row
    ]
    assert kept
    assert [value for value in kept if link in value or token in value] == []


def test_a_new_password_signs_their_browsers_out(session: Session, shop: Shop) -> None:
    token = invited(session, shop)
    hers, someone_elses = signed_in(session, shop, subject=f"staff:{ANN}"), signed_in(session, shop)

    staff.use_link(session, token, "hash", now=NOW)

    assert (seen(session, hers), seen(session, someone_elses)) == ([], [shop.id])


def test_who_is_revoked_sees_nothing_at_once(session: Session, shop: Shop, other: Shop) -> None:
    """Of that shop; what another shop allows stays."""
    for each in (shop, other):
        staff.use_link(session, invited(session, each), "hash", now=NOW)
    digest = signed_in(session, shop, other, subject=f"staff:{ANN}")

    assert staff.revoke(session, shop.id, ANN)

    assert seen(session, digest) == [other.id]
    assert [row.shop_id for row in staff.memberships(session, ANN)] == [other.id]
    assert not staff.revoke(session, shop.id, ANN)


@pytest.mark.parametrize("status", ["removed", "erasing"])
def test_nobody_sees_a_shop_that_has_left(
    session: Session, shop: Shop, other: Shop, status: str
) -> None:
    staff.use_link(session, invited(session, shop), "hash", now=NOW)
    digest = signed_in(session, shop, other)

    shop.status = status
    session.flush()

    assert seen(session, digest) == [other.id]
    assert staff.memberships(session, ANN) == []


def test_erasing_a_shop_erases_its_people(session: Session, shop: Shop, other: Shop) -> None:
    for each in (shop, other):
        invited(session, each)
    digest = signed_in(session, shop, other)

    shops.erase_shop(session, shop.id)

    assert seen(session, digest) == [other.id]
    assert [row.shop_id for row in session.scalars(sa.select(StaffRow))] == [other.id]


@pytest.mark.parametrize(
    "text",
    [
        "ann",
        "ann@",
        "@shop.example",
        "ann@shop",
        "a b@shop.example",
        "a@b.example\nBcc: c@d.example",
        "ann@shop.example, bob@shop.example",
        "<ann@shop.example>",
        "a" * 250 + "@b.ex",
        "ann@sh\x00p.example",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert staff.read_address(text) is None


def test_an_address_is_compared_without_case() -> None:
    assert staff.read_address(" Ann@Shop.Example ") == ANN


# Browsers


def test_a_browser_sees_the_shops_it_was_signed_in_for(
    session: Session, shop: Shop, other: Shop
) -> None:
    assert seen(session, signed_in(session, shop)) == [shop.id]
    assert seen(session, signed_in(session, other)) == [other.id]
    assert seen(session, staff.digest_of("made up")) == []


def test_a_browser_idle_for_twelve_hours_is_signed_out(session: Session, shop: Shop) -> None:
    digest = signed_in(session, shop)

    assert seen(session, digest, after=timedelta(hours=11, minutes=59)) == [shop.id]
    assert seen(session, digest, after=timedelta(hours=12)) == []


def test_use_lengthens_a_sign_in_for_seven_days_at_most(session: Session, shop: Shop) -> None:
    digest = signed_in(session, shop)
    now = NOW
    while access := staff.find_sign_in(session, digest, now=now):
        staff.notice_use(session, access, now=now)
        now += timedelta(hours=6)

    assert now == NOW + timedelta(days=7)


def test_use_is_written_once_a_minute(session: Session, shop: Shop) -> None:
    digest = signed_in(session, shop)
    written = []
    for seconds in (10, 59, 60, 90, 120):
        now = NOW + timedelta(seconds=seconds)
        staff.notice_use(session, staff.find_sign_in(session, digest, now=now), now=now)
        session.expire_all()
        [access] = staff.find_sign_in(session, digest, now=now)
        written.append((access.sign_in.used_at - NOW).seconds)

    assert written == [0, 0, 60, 60, 120]


def test_everybody_of_a_shop_can_be_signed_out(session: Session, shop: Shop, other: Shop) -> None:
    """As when it is uninstalled; or one user, as when the platform removes them."""
    first, second = signed_in(session, shop, subject="1"), signed_in(session, shop, subject="2")
    elsewhere = signed_in(session, other, subject="1")

    assert staff.end_sign_ins(session, shop.id, subject="1") == 1
    assert (seen(session, first), seen(session, second)) == ([], [shop.id])
    assert staff.end_sign_ins(session, shop.id) == 1
    assert (seen(session, second), seen(session, elsewhere)) == ([], [other.id])


def test_sign_ins_that_are_over_are_forgotten(session: Session, shop: Shop) -> None:
    signed_in(session, shop)

    late = NOW + timedelta(hours=12)
    staff.add_sign_in(session, {shop.id: Role.LOOK}, subject="b", name="", is_embedded=False, now=late)

    assert [row.subject for row in session.scalars(sa.select(SignInRow))] == ["b"]
