"""What Stripe still asks of somebody who is to be paid, in plain words.

Knows Stripe's names of requirements as far as they concern people. Refuses to know who asks.
"""

from __future__ import annotations

from collections.abc import Iterable

_WORDS = (
    ("external_account", "Your bank account"),
    ("tos_acceptance", "Your yes to Stripe's terms"),
    ("business_type", "Whether you are a person or a company"),
    ("business_profile", "A line about what you do"),
    ("individual.verification", "A photo of your identity card or passport"),
    ("individual.dob", "Your date of birth"),
    ("individual.address", "Your address"),
    ("individual.first_name", "Your name"),
    ("individual.last_name", "Your name"),
    ("individual.email", "Your email address"),
    ("individual.phone", "Your telephone number"),
    ("individual.id_number", "Your tax or identity number"),
    ("individual.ssn_last_4", "Your tax or identity number"),
    ("individual", "Something more about yourself"),
    ("company", "Something more about your company"),
    ("representative", "Who speaks for your company"),
    ("owners", "Who owns your company"),
)
_OTHER = "Something more that Stripe asks on its page"


def needs_words(names: Iterable[str]) -> list[str]:
    """Say each thing Stripe asks for once.

    >>> needs_words(["tos_acceptance.date", "tos_acceptance.ip", "external_account"])
    ["Your yes to Stripe's terms", 'Your bank account']
    """
    return list(dict.fromkeys(_need(name) for name in names))


def _need(name: str) -> str:
    return next((words for start, words in _WORDS if name.startswith(start)), _OTHER)


def stopped_words(reason: str, *, brand: str) -> str:
    """Say why Stripe does not pay somebody, and what to do."""
    if reason == "gone":
        return "Your account at Stripe is not connected any more. Set it up once more."
    if reason.startswith("rejected."):
        return f"Stripe does not pay to this account. Write to {brand}, and somebody looks at it."
    if reason in ("under_review", "requirements.pending_verification", "platform_paused"):
        return "Stripe is checking what you sent. There is nothing to do for you now."
    return "Stripe needs something more before you can be paid."
