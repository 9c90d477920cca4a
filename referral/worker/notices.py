"""Notices: written as mail and sent, once as far as mail allows, then wiped."""

from __future__ import annotations

import uuid
from datetime import datetime

import structlog
from flask import current_app
from jinja2 import TemplateNotFound

from referral.domain.businesses import Business, across_businesses, within
from referral.domain.notices import Notice
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction
from referral.gateways.mail import Mail, Permanent, Retryable
from referral.gateways.mail import send as post
from referral.surfaces.web.challenges import LIFE
from referral.worker.letters import Written, write

_SIGN_IN = "sign_in"
log = structlog.get_logger("referral.worker")


def send(key: uuid.UUID, token: uuid.UUID) -> None:
    """Send one notice; its content is wiped in the commit that says so.

    A crash between the sending and that commit sends it again, with the same Message-ID.
    """
    notice = session.get_one(Notice, key, execution_options=across_businesses())
    with within(notice.business_id):
        if not _is_wanted(notice, at=clock.now()):
            _finish(notice, token, sent_at=None)
            return
        try:
            post(_mail(notice), through=current_app.extensions["settings"].mail_address)
        except Permanent as trouble:
            _bury(notice, token, trouble.said)
        except TemplateNotFound as missing:
            _bury(notice, token, f"There is no mail called {missing.name}.")
        except Retryable as trouble:
            with transaction():
                due.postpone(notice, token, at=clock.now(), reason=trouble.said)
            log.warning("notice_waits", notice=str(notice.id), reason=trouble.said)
        else:
            failpoints.reached("notice.sent")
            _finish(notice, token, sent_at=clock.now())


def _is_wanted(notice: Notice, *, at: datetime) -> bool:
    """Tell whether the mail still helps anybody: not when sent, too old, or for nobody we know."""
    if notice.sent_at is not None or not notice.sealed:
        return False
    if notice.kind != _SIGN_IN:
        return True
    return at < notice.created_at + LIFE and bool(notice.content["is_known"])


def _mail(notice: Notice) -> Mail:
    settings = current_app.extensions["settings"]
    business = session.get_one(Business, notice.business_id)
    said = notice.content
    written: Written = write(
        notice.kind,
        {
            **said,
            "brand": business.name,
            "site_url": business.site_url,
            "portal_url": f"{settings.public_url}/portal/{business.slug}",
            "console_url": f"{settings.public_url}/console",
        },
    )
    return Mail(
        key=notice.id.hex,
        to=said["to"],
        sender=settings.sender,
        sender_name=business.name,
        subject=written.subject,
        text=written.text,
        html=written.html,
        at=notice.created_at,
    )


def _finish(notice: Notice, token: uuid.UUID, *, sent_at: datetime | None) -> None:
    with transaction():
        notice.sealed, notice.sent_at = "", sent_at
        session.flush()
        due.finish(notice, token)
    log.info("notice_sent" if sent_at else "notice_dropped", notice=str(notice.id))


def _bury(notice: Notice, token: uuid.UUID, reason: str) -> None:
    """Stop trying; what may be replayed keeps its content, a sign-in does not."""
    with transaction():
        if notice.kind == _SIGN_IN:
            notice.sealed = ""
            session.flush()
        due.bury(notice, token, at=clock.now(), reason=reason)
    log.error("notice_refused", notice=str(notice.id), reason=reason)
