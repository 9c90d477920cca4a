"""What staff are mailed about their gift server: what happened, and what is to be done."""

import pytest
from flask import Flask

from referral.worker.letters import write

AROUND = {"brand": "Corner Coffee", "site_url": "", "portal_url": "", "console_url": "https://x"}


@pytest.mark.parametrize(
    ("days", "subject", "why"),
    [
        (4, "Your gift server does not answer", "For 4 days it gave no answer we can use"),
        (None, "Your gift server says that it is gone", "It answered 410"),
    ],
)
def test_a_server_that_is_not_asked_any_more_is_told_with_why(
    app: Flask, days: int | None, subject: str, why: str
) -> None:
    written = write("gift_server_gone", {**AROUND, "days": days})
    assert written.subject == subject
    for text in (written.text, written.html):
        assert why in text
        assert "save its address anew" in text


@pytest.mark.parametrize("is_set", [True, False])
def test_where_gifts_are_asked_for_is_told_only_while_there_is_a_server(
    app: Flask, is_set: bool
) -> None:
    said = {"who": "Olive", "what": "Something was changed.", "is_set": is_set}
    written = write("gift_server_changed", {**AROUND, **said})
    for text in (written.text, written.html):
        assert ("Something was changed." in text, "If this was not meant" in text) == (True, True)
        assert ("are asked for there" in text) is is_set
