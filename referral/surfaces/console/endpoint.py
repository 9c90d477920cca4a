"""The business's own gift server: its address, its signing secret, and a request to try it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import flash, g, redirect, request, url_for

from referral.domain.businesses import GiftEndpoint, Role, record
from referral.domain.businesses.endpoints import (
    endpoint_of,
    remove_endpoint,
    rotate_secret,
    set_endpoint,
)
from referral.domain.notices import notify_team
from referral.domain.rewards.gift_requests import open_requests, wake_requests
from referral.foundation import clock
from referral.foundation.crypto import random_token
from referral.foundation.db import session, transaction
from referral.foundation.errors import NotFound
from referral.gateways.hooks import BadAddress, NoAnswer, Wanted, check_address, try_out
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page
from referral.surfaces.web.reach import reach

BOTH_FOR = timedelta(days=1)
"""How long the signing secret before signs beside a new one (F-55)."""
MOST_SHOWN = 1000
"""How much of what a server answered staff are shown, in bytes (S-115)."""
LEAKED, SURE = "secret_leaked", "sure"


def show() -> str:
    """Show where gifts are asked for, and how that goes."""
    return _page()


def change() -> Any:
    """Say where gifts are asked for; what waited goes on, and a new secret is shown this once."""
    form, at = Form(request.form), clock.now()
    url = form.text(
        "url", asked="Write an address such as https://shop.example/gifts.", longest=400
    )
    if url:
        try:
            check_address(url, reach())
        except BadAddress as refused:
            form.errors["url"] = refused.said
    if form.errors:
        return _page(typed=request.form, errors=form.errors), 422
    with transaction():
        secret = set_endpoint(g.business.id, url, at=at)
        wake_requests(g.business.id, at=at)
        _write("gift_server.set", f"The address is {url} now.", at=at, url=url)
    if secret is None:
        flash("Saved. What waited for it goes on by itself.", "success")
        return redirect(url_for("console.endpoint"), 303)
    return _page(secret=secret)


def rotate() -> Any:
    """Make a new signing secret and show it this once; for a day both sign, unless it leaked."""
    endpoint, at = _known(), clock.now()
    both_for = timedelta(0) if request.form.get(LEAKED) else BOTH_FOR
    with transaction():
        secret = rotate_secret(endpoint, both_for=both_for, at=at)
        _write("gift_server.secret_made", "The signing secret is new.", at=at)
    return _page(secret=secret)


def remove() -> Any:
    """Forget the server and its secrets, when it was ticked; its gifts wait for another."""
    endpoint, at = _known(), clock.now()
    if not request.form.get(SURE):
        return _page(errors={SURE: "Tick this first, if the server is to be removed."}), 422
    with transaction():
        remove_endpoint(endpoint)
        wake_requests(g.business.id, at=at)
        what = f"The server at {endpoint.url} was removed. Gifts wait until there is one again."
        _write("gift_server.removed", what, at=at, url=endpoint.url)
    flash("The gift server was removed, and its signing secret is forgotten.", "success")
    return redirect(url_for("console.endpoint"), 303)


def try_it() -> Any:
    """Send a signed request that asks for nothing, and show what came back."""
    endpoint, at = _known(), clock.now()
    wanted = Wanted(endpoint.url, endpoint.secrets_at(at), f"test_{random_token(12)}", at, {})
    session.commit()
    try:
        answer = try_out(wanted, at=clock.wall_now(), reach=reach())
    except (BadAddress, NoAnswer) as trouble:
        return _page(tried={"said": trouble.said})
    body = answer.body[:MOST_SHOWN].decode("utf-8", "replace")
    return _page(tried={"status": answer.status, "body": body})


def _known() -> GiftEndpoint:
    endpoint = endpoint_of(g.business.id)
    if endpoint is None:
        raise NotFound
    return endpoint


def _write(action: str, what: str, *, at: datetime, **details: str) -> None:
    """Keep in the record what was changed, and tell every owner by mail (S-120)."""
    by = actor()
    record(g.business.id, action, subject=g.business.public_id, actor=by, at=at, details=details)
    notify_team(
        g.business.id,
        "gift_server_changed",
        roles=(Role.OWNER,),
        once_key=f"gift_server_changed:{g.business.id}:{at.isoformat()}",
        at=at,
        said={"who": by.name, "what": what, "is_set": endpoint_of(g.business.id) is not None},
    )


def _page(
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    secret: str | None = None,
    tried: Mapping[str, Any] | None = None,
) -> str:
    endpoint, at = endpoint_of(g.business.id), clock.now()
    return page(
        "endpoint",
        endpoint=endpoint,
        waiting=open_requests(g.business.id),
        rests=endpoint is not None and endpoint.is_left_alone(at),
        both_until=_both_until(endpoint, at),
        typed=typed or {"url": endpoint.url if endpoint else ""},
        errors=errors or {},
        secret=secret,
        tried=tried,
    )


def _both_until(endpoint: GiftEndpoint | None, at: datetime) -> datetime | None:
    until = endpoint.secret_before_until if endpoint else None
    return until if until and until > at else None
