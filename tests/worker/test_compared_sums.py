"""The sums of the comparison with Stripe: what people have, however Stripe signs it."""

from flask import Flask

from tests.worker.payouts import bought, earn_cash, onboard, open_paying_trade
from tests.worker.test_reconciling import compare
from tools.practice_stripe import PracticeStripe


def test_money_that_was_sent_is_added_and_what_came_back_is_not(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = open_paying_trade(app, practice)
    onboard(trade, earn_cash(trade))
    trade.work()
    run, rows = compare(trade)
    assert (rows, run.sums) == ([], {"eur": [1000, 1000]})
    (purchase,) = bought(trade)
    trade.shop.refund(purchase, purchase.gross_minor // 4)
    trade.settle()
    run, rows = compare(trade)
    assert (rows, run.sums) == ([], {"eur": [750, 750]})
