"""Whose customers there are at the provider, in memory: the first tie of each stays."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Customers:
    """The person of each customer, in the order they were tied; some we made ourselves."""

    of: dict[str, str] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)

    def current(self, person: str) -> str | None:
        """Return the customer somebody is now: the business's newest, or else the one we made."""
        found = [customer for customer, holder in self.of.items() if holder == person]
        return max(found, key=lambda one: (one not in self.ours, found.index(one)), default=None)

    def make(self, person: str) -> None:
        """Make a customer of somebody who is none."""
        if self.current(person) is None:
            customer = f"made-{len(self.ours)}"
            self.of[customer] = person
            self.ours.add(customer)

    def hand_over(self, person: str, to: str) -> None:
        """Have all that one person is be another."""
        for customer, holder in self.of.items():
            if holder == person:
                self.of[customer] = to
