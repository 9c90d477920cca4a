"""API keys: listed by their last four, made and shown once, revoked at once."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from referral.domain.businesses import ApiKey, issue_key, record, revoke_key
from referral.domain.businesses.keys import KeyKind
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import NotFound
from referral.foundation.ids import new_key
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page
from referral.surfaces.web.settings import public_url


def show() -> str:
    """List the keys."""
    return _page(None, {})


def issue() -> Any:
    """Make a key and show it this once (S-138); the same form again makes no second one."""
    form, at = Form(request.form), clock.now()
    kind = form.choice("kind", KeyKind)
    name = form.text("name", asked="Name the key after where it is used, such as Shop server.")
    if form.errors:
        return _page(None, form.errors), 422
    try:
        with transaction():
            whole = issue_key(
                g.business.id, kind, name=name, at=at, key_id=form.once(), made_by=actor().id
            )
            _write("key.issued", name=name, kind=kind, last_four=whole[-4:])
    except IntegrityError:
        flash("This key was made already, and a key is shown only once.", "warning")
        return redirect(url_for("console.keys"), 303)
    return _page(whole, {})


def revoke(key: uuid.UUID) -> Any:
    """Close a key from now on."""
    shown = session.scalar(select(ApiKey).where(ApiKey.id == key))
    if shown is None:
        raise NotFound
    with transaction():
        revoke_key(shown, at=clock.now())
        _write("key.revoked", name=shown.name, kind=shown.kind, last_four=shown.last_four)
    flash(f"The key {shown.name} opens nothing any more.", "success")
    return redirect(url_for("console.keys"), 303)


def _write(action: str, **details: str) -> None:
    business = g.business
    record(
        business.id,
        action,
        subject=business.public_id,
        actor=actor(),
        at=clock.now(),
        details=details,
    )


def _page(whole: str | None, errors: dict[str, str]) -> str:
    return page(
        "keys",
        keys=session.scalars(
            select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.id)
        ).all(),
        whole=whole,
        once=new_key(),
        widget_url=public_url("/widget/v1.js"),
        typed=request.form,
        errors=errors,
    )
