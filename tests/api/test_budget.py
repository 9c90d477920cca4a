"""How many statements a signup costs through the API: what it decides and keeps, said once."""

import pytest

from referral.surfaces.api import idempotency
from tests.api.conftest import Stage
from tests.portal.test_budget import statements


def test_a_credited_signup_with_its_reward_takes_so_many_statements(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_SWEPT_EVERY", 1 << 128)
    code = shop.link("alice")["code"]
    shop.sign_up("bob", code=code)
    with statements() as sent:
        shop.sign_up("bert", code=code)
    assert len(sent) <= 23, "\n\n".join(sent)
