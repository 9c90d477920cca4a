"""How a business's connection to Stripe stands: whose key, which mode, what it may not read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from referral.gateways.stripe.client import T, call
from referral.gateways.stripe.errors import LacksRight, Permanent
from referral.gateways.stripe.transfers import Transfers

RESOURCES = (
    "customers",
    "coupons",
    "promotion_codes",
    "invoices",
    "charges",
    "refunds",
    "subscriptions",
    "accounts",
    "transfers",
    "events",
)
"""What a key must be able to read; the right to write includes it, and is not tried here."""


@dataclass(frozen=True, slots=True)
class Health:
    """What Stripe says of a key; `lacks` names resources it may not read, in Stripe's words."""

    mode: Literal["test", "live"]
    account_id: str | None
    account_name: str | None
    lacks: tuple[str, ...]
    available: dict[str, int]


class Checks(Transfers):
    """What we ask to see whether everything else can be asked."""

    def health(self) -> Health:
        """Ask what the key is and may read: a call for each resource, none changes anything.

        Raises StripeTrouble when the key is refused altogether, or Stripe cannot be asked.
        """
        lacks: list[str] = []

        def tried(resource: str, ask: Callable[[], T]) -> T | None:
            try:
                return call(ask, changes=False)
            except (LacksRight, Permanent):
                lacks.append(resource)
                return None

        account_id, name = tried("account", self._described) or (None, None)
        available = tried("balance", self._available)
        for resource in RESOURCES:
            tried(resource, getattr(self._client.v1, resource).list)
        return Health(
            mode="live" if "_live_" in self.secret_key else "test",
            account_id=account_id,
            account_name=name,
            lacks=tuple(lacks),
            available=available or {},
        )

    def _described(self) -> tuple[str, str | None]:
        said = self._client.v1.accounts.retrieve_current().to_dict()
        shown = (said.get("settings") or {}).get("dashboard") or {}
        name = shown.get("display_name") or (said.get("business_profile") or {}).get("name")
        return str(said["id"]), str(name) if name else None
