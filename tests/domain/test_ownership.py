"""Every query is held to the business at work, in whatever shape it is written."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from referral.domain.businesses import across_businesses, within
from referral.domain.businesses.ownership import OutsideBusiness
from referral.domain.people import Person
from referral.foundation.db import session
from tests.cast import open_shop

COUNT = func.count(Person.id)


def test_a_count_sees_the_business_at_work_alone(app: Flask) -> None:
    first, second = open_shop("First"), open_shop("Second")
    first.customer("alice")
    second.customer("bob")
    with within(first.business.id):
        assert session.scalar(select(COUNT)) == 1
        assert session.scalar(select(COUNT.filter(Person.email != "")).select_from(Person)) == 1
    everybody = select(COUNT).execution_options(**across_businesses())
    assert session.scalar(everybody) == 2


def test_a_shape_that_nothing_holds_to_a_business_is_refused(app: Flask) -> None:
    shop = open_shop("First")
    unheld = select(COUNT.filter(Person.email != ""))
    with within(shop.business.id), pytest.raises(OutsideBusiness):
        session.scalar(unheld)
    with pytest.raises(OutsideBusiness):
        session.scalar(unheld)
    assert session.scalar(unheld.execution_options(**across_businesses())) == 0
