"""The team: who is on it and in which role; inviting, changing and removing."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.businesses import Membership, Operator, Role, invite, record
from referral.domain.businesses.credentials import issue_setup_token
from referral.domain.businesses.team import (
    LADDER,
    change_role,
    remove_member,
    team_of,
)
from referral.domain.notices import notify
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Conflict, Invalid, NotFound
from referral.foundation.ids import parse_public_id
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page
from referral.surfaces.console.rights import rights_in_words
from referral.surfaces.web.settings import public_url


class OnTheTeam(Invalid):
    """The address belongs to a member already."""

    message = "They are on the team already. Change their role in the list."


def show() -> str:
    """List the team."""
    return _page({}, {})


def add() -> Any:
    """Invite somebody by mail; the way in goes to their mailbox and to nobody else."""
    form, at = Form(request.form), clock.now()
    email, role = form.text("email", asked="Whom do you want to invite?"), form.choice("role", Role)
    name = form.text("name")
    try:
        form.accept()
        with transaction():
            _refuse_known(email)
            operator = invite(g.business.id, email, role=role, name=name, at=at)
            _invite_by_mail(operator, role)
            _write("member.invited", operator, role=role)
    except Invalid as refusal:
        return _page(request.form, refusal.fields), 422
    flash(f"We sent {operator.email} a way in. It works for seven days.", "success")
    return redirect(url_for("console.team"), 303)


def invite_again(operator: str) -> Any:
    """Send a fresh way in to a member who has not used theirs."""
    member = _member(operator)
    if member.operator.is_set_up:
        flash(f"{member.operator.name} has set up their sign-in already.", "info")
        return redirect(url_for("console.team"), 303)
    with transaction():
        _invite_by_mail(member.operator, Role(member.role))
        _write("member.invited", member.operator, role=member.role)
    flash(f"We sent {member.operator.email} a fresh way in.", "success")
    return redirect(url_for("console.team"), 303)


def change(operator: str) -> Any:
    """Give a member another role."""
    member, form = _member(operator), Form(request.form)
    role = form.choice("role", Role)
    try:
        form.accept()
        with transaction():
            before = member.role
            change_role(member, role)
            _write("member.role_changed", member.operator, role=f"{before} to {role}")
    except Invalid as refusal:
        return _refused(operator, refusal.fields["role"]), 422
    except Conflict as refusal:
        return _refused(operator, refusal.message), 409
    flash(f"{member.operator.name} is {role} now.", "success")
    return redirect(url_for("console.team"), 303)


def remove(operator: str) -> Any:
    """Take somebody off the team."""
    member = _member(operator)
    try:
        with transaction():
            remove_member(member)
            _write("member.removed", member.operator, role=member.role)
    except Conflict as refusal:
        return _refused(operator, refusal.message), 409
    flash(f"{member.operator.name} is no longer on the team.", "success")
    return redirect(url_for("console.team"), 303)


def _refuse_known(email: str) -> None:
    known = {member.operator.email for member in team_of(g.business.id)}
    if email.strip().lower() in known:
        raise OnTheTeam(fields={"email": OnTheTeam.message})


def _invite_by_mail(operator: Operator, role: Role) -> None:
    """Write down the mail that lets them in; only a mailbox proves whose an address is."""
    at = clock.now()
    way = "/console"
    if not operator.is_set_up:
        way = f"/console/set-up/{issue_setup_token(operator, at=at)}"
    notify(
        g.business.id,
        "team_invited",
        to=operator.email,
        once_key=f"team_invited:{g.business.id}:{operator.id}:{at.timestamp()}",
        at=at,
        said={"url": public_url(way), "role": role.value, "by": g.operator.name},
    )


def _member(text: str) -> Membership:
    query = (
        select(Membership)
        .where(Membership.operator_id == parse_public_id(Operator.prefix, text))
        .options(joinedload(Membership.operator, innerjoin=True))
    )
    member = session.scalar(query)
    if member is None:
        raise NotFound
    return member


def _write(action: str, operator: Operator, *, role: str) -> None:
    record(
        g.business.id,
        action,
        subject=operator.public_id,
        actor=actor(),
        at=clock.now(),
        details={"name": operator.name, "role": str(role)},
    )


def _refused(operator: str, said: str) -> str:
    """Show the team with what was refused beside the member it is about."""
    return _page({}, {}, refused={f"role-{operator}": said})


def _page(typed: Any, errors: dict[str, str], *, refused: dict[str, str] | None = None) -> str:
    return page(
        "team",
        members=team_of(g.business.id),
        roles=[(role.value, role.value.capitalize()) for role in LADDER],
        means=[(role.value.capitalize(), said) for role, said in rights_in_words().items()],
        typed=typed,
        errors=errors,
        refused=refused or {},
        chosen=request.form.get("role"),
    )
