"""What the team page says the roles may do is what the policy lets them do."""

import pytest
from flask import Flask

from referral.domain.businesses import Role
from referral.surfaces.console.rights import RIGHTS, rights_in_words
from referral.surfaces.console.routes import HOLD, ROUTES, SEE
from referral.surfaces.web import policy
from referral.surfaces.web.policy import Door
from tests.console.conftest import Desk
from tests.console.visiting import check_page

NEEDS = {route.name: route.need for route in ROUTES if route.need.door is Door.OPERATOR}


def test_every_route_of_the_console_is_said_once() -> None:
    named = [name for names in RIGHTS.values() for name in names]
    assert sorted(named) == sorted(NEEDS)


@pytest.mark.parametrize("words", RIGHTS)
def test_one_right_is_of_one_role(words: str) -> None:
    assert len({NEEDS[name] for name in RIGHTS[words]}) == 1


def test_who_may_only_look_changes_nothing_but_their_own_account() -> None:
    changing = {one.name for one in ROUTES if one.need == SEE and one.method != "GET"}
    own = RIGHTS["changes nothing but their own account"]
    assert changing == set(own) - {"account"}


def test_each_right_is_said_of_the_first_role_that_has_it(app: Flask) -> None:
    said = rights_in_words()
    assert list(said) == [Role.VIEWER, Role.SUPPORT, Role.FINANCE, Role.MANAGER, Role.OWNER]
    assert "ledger" not in said[Role.VIEWER] + said[Role.SUPPORT]
    assert "takes store credit at the counter" in said[Role.SUPPORT]
    for words in ("takes given ones back", "forgives debts", "exchange rates", "downloads"):
        assert words in said[Role.FINANCE]


def test_words_move_with_the_policy(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(policy._policy, "console.debt_forgive", HOLD)
    said = rights_in_words()
    assert "forgives debts" in said[Role.SUPPORT]
    assert "forgives debts" not in said[Role.FINANCE]


def test_the_team_page_says_them(desk: Desk) -> None:
    text = check_page(desk.client.get("/console/settings/team"))
    for said in rights_in_words().values():
        assert f"<dd>{said}</dd>" in text
