"""What befalls connected accounts and the platform's own balance, for tests and the demo."""

from __future__ import annotations

from . import funds, payees, transfers
from .books import Books, Thing
from .errors import malformed

_REASONS = ("fraud", "listed", "other", "terms_of_service")


class PayeeActs:
    """The acts, each answering the objects it touched by noun. Used inside `books.acting()`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def finish_onboarding(self, *, payee: str) -> Thing:
        """Let the owner give everything that is asked."""
        return {"payee": payees.complete(self._books, self._payee(payee))}

    def leave_onboarding(self, *, payee: str) -> Thing:
        """Let the owner give a part and go away."""
        return {"payee": payees.leave_half(self._books, self._payee(payee))}

    def require_more(
        self, *, payee: str, names: list[str] | None = None, deadline: int | None = None
    ) -> Thing:
        """Ask the owner for more; without a deadline they cannot be paid until it is given."""
        wanted = names or ["individual.verification.document"]
        return {"payee": payees.require(self._books, self._payee(payee), wanted, deadline=deadline)}

    def reject_payee(self, *, payee: str, reason: str = "other") -> Thing:
        """Turn the owner away for good."""
        if reason not in _REASONS:
            raise malformed(f"reason must be one of {', '.join(_REASONS)}", param="reason")
        return {"payee": payees.reject(self._books, self._payee(payee), reason)}

    def deauthorise(self, *, payee: str) -> Thing:
        """Disconnect the account from the platform."""
        return {"payee": payees.deauthorise(self._books, self._payee(payee))}

    def pay_out(self, *, payee: str, currency: str = "usd") -> Thing:
        """Send what the account holds in a currency to its owner's bank."""
        return {"payout": transfers.pay_out(self._books, self._payee(payee), currency)}

    def set_balance(self, *, currency: str, amount: int) -> Thing:
        """Say what the platform has available in a currency."""
        if not isinstance(amount, int):
            raise malformed("amount is in whole minor units", param="amount")
        funds.add(self._books, currency, amount - funds.held(self._books, currency))
        return {"balance": funds.balance(self._books)}

    def _payee(self, account_id: str) -> Thing:
        return payees.connected(self._books, account_id)
