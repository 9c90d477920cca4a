"""How an operator proves who they are: a password, then an authenticator's code or a recovery code.

Knows no session and no form. Secrets are stored hashed or sealed, and shown once or never.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from referral.domain.businesses.staff import Operator, RecoveryCode
from referral.foundation.crypto import keyed_hash, plain_hash, random_token, seal, unseal
from referral.foundation.db import Key, Model, Moment, UTCDateTime, changed, session
from referral.foundation.errors import Invalid

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
SETUP_LINK_LIVES = timedelta(days=7)
RECOVERY_CODES = 10
STEP_S = 30
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_hasher = PasswordHash((Argon2Hasher(),))
_nobody = ""


class SetupLink(Model):
    """How an operator comes in for the first time: once, by a token of which a hash is stored."""

    id: Mapped[Key]
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[Moment]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    operator: Mapped[Operator] = relationship()


class SetupEnd(StrEnum):
    """Why a setup link does not open: its operator has come in, lost it by a reset, or waited."""

    UNKNOWN = "unknown"
    DONE = "done"
    RESET = "reset"
    OLD = "old"


def use_cheap_hashes() -> None:
    """Make password hashes cheap, for tests only; the strength of real ones is argon2id's own."""
    global _hasher, _nobody
    _hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    _nobody = ""


def issue_setup_token(operator: Operator, *, at: datetime) -> str:
    """Return the token of a fresh setup link, beside those the operator was given before.

    Several businesses may invite somebody before they come in; any of their links lets them, and
    then all end.
    """
    token = random_token()
    session.add(
        SetupLink(
            operator_id=operator.id, digest=plain_hash(token), expires_at=at + SETUP_LINK_LIVES
        )
    )
    session.flush()
    return token


def operator_of_setup_token(token: str, *, at: datetime) -> Operator | None:
    """Return whom a setup link is for; None when it is unknown, used or seven days old."""
    query = (
        select(SetupLink)
        .where(SetupLink.digest == plain_hash(token))
        .where(SetupLink.ended_at.is_(None), SetupLink.expires_at > at)
        .options(joinedload(SetupLink.operator, innerjoin=True))
    )
    link = session.scalar(query)
    return None if link is None or link.operator.is_set_up else link.operator


def why_setup_ended(token: str) -> SetupEnd:
    """Tell why a setup link does not open."""
    query = select(SetupLink).where(SetupLink.digest == plain_hash(token))
    link = session.scalar(query.options(joinedload(SetupLink.operator, innerjoin=True)))
    if link is None:
        return SetupEnd.UNKNOWN
    if link.operator.is_set_up:
        return SetupEnd.DONE
    return SetupEnd.OLD if link.ended_at is None else SetupEnd.RESET


def choose_password(operator: Operator, password: str, *, field: str = "password") -> None:
    """Set the password; raises Invalid for one that is short, long or guessed from the email."""
    problem = _weakness(operator, password)
    if problem is not None:
        raise Invalid(fields={field: problem})
    operator.password_digest = _hasher.hash(password)


def check_password(email: str, password: str) -> Operator | None:
    """Return whose email and password these are; an unknown one takes as long (S-38)."""
    global _nobody
    operator = session.scalar(select(Operator).where(Operator.email == email.strip().lower()))
    if operator is not None and operator.is_set_up:
        return operator if is_password(operator, password) else None
    _nobody = _nobody or _hasher.hash(random_token())
    _hasher.verify(password[:LONGEST_PASSWORD], _nobody)
    return None


def is_password(operator: Operator, password: str) -> bool:
    """Tell whether this is the operator's password."""
    digest = operator.password_digest
    return bool(digest) and _hasher.verify(password[:LONGEST_PASSWORD], digest or "")


def begin_totp(operator: Operator) -> str:
    """Return the secret to put into an authenticator, made once until it is confirmed."""
    if operator.sealed_totp is None or operator.totp_confirmed_at is not None:
        operator.sealed_totp, operator.totp_confirmed_at = seal(pyotp.random_base32()), None
        operator.totp_last_step = 0
        session.flush()
    return _secret(operator)


def totp_address(operator: Operator) -> str:
    """Return the address an authenticator reads from a QR code."""
    totp = pyotp.TOTP(_secret(operator))
    return str(totp.provisioning_uri(name=operator.email, issuer_name="Referral"))


def confirm_totp(operator: Operator, code: str, *, wall: datetime, at: datetime) -> list[str]:
    """Finish the setup with a first code and return the recovery codes, shown once.

    `wall` is the outside world's time, which authenticators follow. Raises Invalid.
    """
    if not check_totp(operator, code, wall=wall):
        raise Invalid(fields={"code": "This code is not right. Type the one your app shows now."})
    operator.totp_confirmed_at = at
    _end_setup_links(operator, at=at)
    return renew_recovery_codes(operator)


def check_totp(operator: Operator, code: str, *, wall: datetime) -> bool:
    """Take a code of the present step or a neighbour, each step once only (RFC 6238, 5.2)."""
    totp = pyotp.TOTP(_secret(operator))
    offered = "".join(code.split())
    present = int(wall.timestamp()) // STEP_S
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), offered.encode()):
            return _use_step(operator, step)
    return False


def code_now(operator: Operator, *, wall: datetime) -> str:
    """Return the code an authenticator would show now; only the demo's pages ask for it."""
    return pyotp.TOTP(_secret(operator)).generate_otp(int(wall.timestamp()) // STEP_S)


def renew_recovery_codes(operator: Operator) -> list[str]:
    """Replace every recovery code and return the new ones, shown once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator.id))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(operator_id=operator.id, digest=_recovery_digest(code)) for code in codes
    )
    session.flush()
    return codes


def use_recovery_code(operator: Operator, code: str, *, at: datetime) -> bool:
    """Take a recovery code; each works once, also when offered twice in the same moment."""
    used = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.operator_id == operator.id, RecoveryCode.used_at.is_(None))
        .where(RecoveryCode.digest == _recovery_digest(code))
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
    return changed(used) == 1


def recovery_codes_left(operator: Operator) -> int:
    """Count the recovery codes that still work."""
    query = select(RecoveryCode.id).where(
        RecoveryCode.operator_id == operator.id, RecoveryCode.used_at.is_(None)
    )
    return len(session.scalars(query).all())


def set_up_operator(operator: Operator, password: str, totp_secret: str, *, at: datetime) -> None:
    """Set an operator up with a known password and base32 secret, as the demo does."""
    choose_password(operator, password)
    operator.sealed_totp, operator.totp_confirmed_at = seal(totp_secret), at
    _end_setup_links(operator, at=at)
    session.flush()


def forget_proofs(operator: Operator, *, at: datetime) -> str:
    """Take an operator's password and second factor back and return a fresh setup token.

    For one who lost both the authenticator and the recovery codes. Setup links from before end; the
    caller ends their sessions.
    """
    _end_setup_links(operator, at=at)
    operator.password_digest = operator.sealed_totp = operator.totp_confirmed_at = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator.id))
    return issue_setup_token(operator, at=at)


def _weakness(operator: Operator, password: str) -> str | None:
    plain = password.strip().lower()
    if len(plain) < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters. A few plain words are fine."
    if len(password) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    if plain in (operator.email, operator.email.split("@")[0]):
        return "Do not use your email address as your password."
    if len(set(plain)) < 5:
        return "Use more than a few different characters."
    return None


def _use_step(operator: Operator, step: int) -> bool:
    used = session.execute(
        update(Operator)
        .where(Operator.id == operator.id, Operator.totp_last_step < step)
        .values(totp_last_step=step)
        .execution_options(synchronize_session=False)
    )
    return changed(used) == 1


def _secret(operator: Operator) -> str:
    return unseal(operator.sealed_totp or "")


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _recovery_digest(code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return keyed_hash("recovery code", plain)


def _end_setup_links(operator: Operator, *, at: datetime) -> None:
    session.execute(
        update(SetupLink)
        .where(SetupLink.operator_id == operator.id, SetupLink.ended_at.is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )
