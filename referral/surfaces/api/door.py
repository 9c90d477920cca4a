"""How a server proves which business it works for: a secret key, in the header and nowhere else."""

from __future__ import annotations

from flask import g, request

from referral.domain.businesses import Actor, business_of_key, find_key
from referral.domain.businesses.keys import KeyKind
from referral.domain.businesses.ownership import enter
from referral.foundation.errors import NotAllowed, NotSignedIn
from referral.surfaces.web.policy import Need


class MissingKey(NotSignedIn):
    """No key came with the call."""

    code = "missing_key"
    message = "Send your secret key in the header: Authorization: Bearer sk_…"


class UnknownKey(NotSignedIn):
    """The key opens nothing: it is mistyped, revoked or from somewhere else."""

    code = "unknown_key"
    message = "This key opens nothing. Perhaps it was cut off or revoked."


class KeyInAddress(NotSignedIn):
    """A key came in the address, where every log keeps it (S-136)."""

    code = "key_in_address"
    message = (
        "Send the key in the Authorization header, never in the address: addresses end up in logs."
        " If it is a real key, replace it."
    )


class PublishableKey(NotAllowed):
    """The widget's key knocks at the servers' door (S-134)."""

    code = "publishable_key"
    message = "This is a publishable key, for the widget only. Use a secret key (sk_…) on servers."


def admit(need: Need) -> None:
    """Let in the bearer of a secret key; the key alone decides which business it is (S-8)."""
    if any(_looks_like_a_key(*pair) for pair in request.args.items(multi=True)):
        raise KeyInAddress
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise MissingKey
    if business_of_key(key, KeyKind.PUBLISHABLE) is not None:
        raise PublishableKey
    found = find_key(key, KeyKind.SECRET)
    if found is None:
        raise UnknownKey
    g.business = found.business
    g.actor = Actor("api_key", f"API key …{key[-4:]}", behind=found.made_by)
    enter(found.business_id)


def _looks_like_a_key(name: str, value: str) -> bool:
    named_so = name.lower() in {"key", "api_key", "apikey", "access_token", "secret_key"}
    return named_so or value.startswith(("sk_", "pk_"))
