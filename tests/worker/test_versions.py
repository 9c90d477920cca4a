"""A grant begun by another version of the product ends as one object (F-28)."""

import pytest

from referral.domain.rewards import Grant
from referral.gateways.stripe import StripeAccount
from referral.worker.acts import balance
from referral.worker.marks import marks_of
from tests.crash.scenes import PAST_LEASE_S, assert_granted_once, credit_calls, earn
from tests.stories.trade import Trade, later


class Died(BaseException):
    """The process is gone."""


def test_a_grant_that_was_sent_in_other_words_is_found_again(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-28."""
    alice = earn(trade)
    dies_after_sending(trade, monkeypatch)
    monkeypatch.setattr(balance, "marks_of", marks_of_next_version)
    with later(PAST_LEASE_S):
        trade.work()
    assert_granted_once(trade, alice)
    assert [one["status"] for one in credit_calls(trade)] == [200, 400]


def dies_after_sending(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    send = StripeAccount.adjust_balance

    def send_and_die(*arguments: object, **named: object) -> None:
        send(*arguments, **named)  # type: ignore[arg-type]
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(StripeAccount, "adjust_balance", send_and_die)
        with pytest.raises(Died):
            trade.work()


def marks_of_next_version(grant: Grant) -> dict[str, str]:
    return {**marks_of(grant), "wom_program": "prg_1"}
