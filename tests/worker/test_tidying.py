"""What has served is forgotten, and nothing else."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from referral.foundation.db import session, transaction
from referral.foundation.ids import new_key
from referral.surfaces.web.sessions import UserSession, VisitorKind
from referral.worker.tidying import tidy
from tests.cast import NOON


def sign_in(expires_in: timedelta) -> None:
    with transaction():
        session.add(
            UserSession(
                digest=str(new_key()),
                kind=VisitorKind.PERSON,
                subject_id=new_key(),
                business_id=None,
                device="",
                created_at=NOON,
                seen_at=NOON,
                expires_at=NOON + expires_in,
            )
        )


def test_a_session_is_forgotten_a_month_after_its_end(app: Flask) -> None:
    sign_in(timedelta(days=-31))
    sign_in(timedelta(days=-29))
    sign_in(timedelta(days=90))
    tidy(at=NOON)
    tidy(at=NOON)
    assert session.scalar(select(func.count()).select_from(UserSession)) == 2
