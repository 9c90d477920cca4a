"""What opens the console, on both databases: passwords, authenticator codes, recovery codes."""

from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import Membership, Operator, Role, invite, within
from referral.domain.businesses import credentials as proofs
from referral.domain.businesses.staff import RecoveryCode
from referral.domain.businesses.team import LastOwner, change_role, remove_member, team_of
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from tests.cast import NOON, open_shop

PASSWORD = "seven green kettles"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def olive(*, is_set_up: bool = True) -> Operator:
    """Return olive, who owns a shop."""
    shop = open_shop()
    with within(shop.business.id), transaction():
        operator = invite(
            shop.business.id, "olive@shop.example", role=Role.OWNER, name="Olive", at=NOON
        )
        if is_set_up:
            proofs.set_up_operator(operator, PASSWORD, SECRET, at=NOON)
    return operator


def code_of(operator: Operator, *, at=NOON) -> str:
    """Return what olive's authenticator shows."""
    secret = pyotp.parse_uri(proofs.totp_address(operator)).secret
    return pyotp.TOTP(secret).at(at)


def test_the_password_opens_only_its_own_account(app: Flask) -> None:
    operator = olive()
    assert proofs.check_password(" Olive@Shop.example", PASSWORD) is operator
    assert proofs.check_password("olive@shop.example", PASSWORD + "x") is None
    assert proofs.check_password("mallory@shop.example", PASSWORD) is None


def test_an_operator_who_is_not_set_up_has_no_password(app: Flask) -> None:
    operator = olive(is_set_up=False)
    with transaction():
        proofs.choose_password(operator, PASSWORD)
    assert proofs.check_password("olive@shop.example", PASSWORD) is None


@pytest.mark.parametrize(
    "password", ["short", " " * 14, "olive@shop.example", "aaaaaaaaaaaaaa", "a1" * 101]
)
def test_a_weak_password_is_refused_at_its_field(app: Flask, password: str) -> None:
    operator = olive(is_set_up=False)
    with pytest.raises(Invalid) as refused, transaction():
        proofs.choose_password(operator, password)
    assert list(refused.value.fields) == ["password"]
    assert operator.password_digest is None


def test_a_code_works_once_within_its_step(app: Flask) -> None:
    operator = olive()
    code = code_of(operator)
    with transaction():
        assert proofs.check_totp(operator, f" {code[:3]} {code[3:]} ", wall=NOON) is True
    with transaction():
        assert proofs.check_totp(operator, code, wall=NOON) is False
        assert proofs.check_totp(operator, code, wall=NOON + timedelta(seconds=29)) is False
    later = NOON + timedelta(seconds=30)
    with transaction():
        assert proofs.check_totp(operator, code_of(operator, at=later), wall=later) is True


def test_a_code_of_an_earlier_step_dies_with_a_later_one(app: Flask) -> None:
    operator = olive()
    with transaction():
        assert proofs.check_totp(operator, code_of(operator), wall=NOON) is True
        before = NOON - timedelta(seconds=30)
        assert proofs.check_totp(operator, code_of(operator, at=before), wall=NOON) is False


@pytest.mark.parametrize("code", ["", "12345", "\uff11" * 6, "x" * 500])
def test_what_is_not_the_code_is_refused(app: Flask, code: str) -> None:
    operator = olive()
    with transaction():
        assert proofs.check_totp(operator, code, wall=NOON) is False


def test_a_recovery_code_works_once(app: Flask) -> None:
    operator = olive()
    with transaction():
        codes = proofs.renew_recovery_codes(operator)
        assert proofs.use_recovery_code(operator, codes[0].upper().replace("-", " "), at=NOON)
        assert not proofs.use_recovery_code(operator, codes[0], at=NOON)
        assert not proofs.use_recovery_code(operator, "aaaa-bbbb-cccc", at=NOON)
    assert len(set(codes)) == 10
    assert proofs.recovery_codes_left(operator) == 9


def test_new_recovery_codes_end_the_old_ones_and_only_hashes_are_stored(app: Flask) -> None:
    operator = olive()
    with transaction():
        old = proofs.renew_recovery_codes(operator)
        fresh = proofs.renew_recovery_codes(operator)
        assert not proofs.use_recovery_code(operator, old[0], at=NOON)
    stored = session.scalars(select(RecoveryCode.digest)).all()
    assert len(stored) == 10
    assert set(stored) & set(fresh) == set()


def test_setup_links_open_beside_each_other_until_one_is_used_or_they_are_old(app: Flask) -> None:
    operator = olive(is_set_up=False)
    with transaction():
        first = proofs.issue_setup_token(operator, at=NOON)
        second = proofs.issue_setup_token(operator, at=NOON)
    week = timedelta(days=7)
    assert proofs.operator_of_setup_token(first, at=NOON) is operator
    assert proofs.operator_of_setup_token(second, at=NOON + week) is None
    assert proofs.why_setup_ended(second) == "old"
    assert proofs.operator_of_setup_token(second, at=NOON) is operator
    with transaction():
        proofs.choose_password(operator, PASSWORD)
        proofs.begin_totp(operator)
        codes = proofs.confirm_totp(operator, code_of(operator), wall=NOON, at=NOON)
    assert len(codes) == 10
    assert [proofs.operator_of_setup_token(one, at=NOON) for one in (first, second)] == [None] * 2
    assert [proofs.why_setup_ended(one) for one in (first, second)] == ["done"] * 2
    assert operator.is_set_up


def test_a_reset_ends_the_setup_links_from_before(app: Flask) -> None:
    operator = olive(is_set_up=False)
    with transaction():
        before = proofs.issue_setup_token(operator, at=NOON)
        after = proofs.forget_proofs(operator, at=NOON)
    assert proofs.operator_of_setup_token(before, at=NOON) is None
    assert proofs.operator_of_setup_token(after, at=NOON) is operator
    assert (proofs.why_setup_ended(before), proofs.why_setup_ended("x")) == ("reset", "unknown")


def test_a_wrong_first_code_leaves_the_setup_open(app: Flask) -> None:
    operator = olive(is_set_up=False)
    with transaction():
        token = proofs.issue_setup_token(operator, at=NOON)
        proofs.choose_password(operator, PASSWORD)
        secret = proofs.begin_totp(operator)
    with pytest.raises(Invalid), transaction():
        proofs.confirm_totp(operator, "12345", wall=NOON, at=NOON)
    assert proofs.operator_of_setup_token(token, at=NOON) is operator
    with transaction():
        assert proofs.begin_totp(operator) == secret


def test_the_last_owner_stays_an_owner(app: Flask) -> None:
    olive()
    membership = session.scalars(select(Membership).execution_options(across_businesses=True)).one()
    with within(membership.business_id):
        with pytest.raises(LastOwner), transaction():
            change_role(membership, Role.VIEWER)
        with pytest.raises(LastOwner), transaction():
            remove_member(membership)
        with transaction():
            invite(membership.business_id, "max@shop.example", role=Role.OWNER, name="Max", at=NOON)
        with transaction():
            change_role(membership, Role.VIEWER)
        assert [member.role for member in team_of(membership.business_id)] == ["viewer", "owner"]
