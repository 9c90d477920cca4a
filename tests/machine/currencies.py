"""What a purchase counts for in the business's currency, in memory, by rates that were told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from tests.machine.giving import Giving
from tests.machine.things import Purchase, Rate, Refused

DECIMALS = {"eur": 2, "usd": 2, "jpy": 0, "kwd": 3}


@dataclass
class Currencies(Giving):
    """Rates by the day they are of; what was paid without one waits."""

    rates: dict[tuple[str, str, date], Rate] = field(default_factory=dict)
    waiting: list[Purchase] = field(default_factory=list)

    def keep_rate(self, rate: Rate) -> None:
        """Keep a rate of a day, which stays."""
        if self.rates.setdefault((rate.base, rate.quote, rate.day), rate) != rate:
            raise Refused("RateDiffers")

    def rate_for(self, purchase: Purchase) -> Rate | None:
        """Find the rate of the day, or of the latest of a week before; the direct one first."""
        day = purchase.at.date()
        for back in range(8):
            for pair in ((purchase.currency, self.home), (self.home, purchase.currency)):
                if found := self.rates.get((*pair, day - timedelta(days=back))):
                    return found
        return None

    def worth_of(self, paid: int, purchase: Purchase) -> int | None:
        """Say what a part of a purchase is in the business's currency; None without a rate."""
        if purchase.currency == self.home:
            return paid
        rate = self.rate_for(purchase)
        if rate is None:
            return None
        one = Fraction(rate.told) if rate.base == purchase.currency else 1 / Fraction(rate.told)
        scale = Fraction(10) ** (DECIMALS[self.home] - DECIMALS[purchase.currency])
        return round(paid * one * scale)
