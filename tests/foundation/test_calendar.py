"""Days and months where a business is: switches, leap days, year ends, skipped days (F-43)."""

from datetime import UTC, datetime, timedelta

import pytest

from referral.foundation.calendar import day_of, is_zone, month_of, next_day, next_month, zones

SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        ("UTC", "2026-11-22", "2026-11-22 00:00", "2026-11-23 00:00"),
        ("Europe/Berlin", "2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00"),
        ("Europe/Berlin", "2026-10-25", "2026-10-24 22:00", "2026-10-25 23:00"),
        ("Europe/Berlin", "2026-12-31", "2026-12-30 23:00", "2026-12-31 23:00"),
        ("America/New_York", "2026-03-08", "2026-03-08 05:00", "2026-03-09 04:00"),
        ("America/New_York", "2028-02-29", "2028-02-29 05:00", "2028-03-01 05:00"),
        ("Asia/Kathmandu", "2027-01-01", "2026-12-31 18:15", "2027-01-01 18:15"),
        ("America/Havana", "2026-03-08", "2026-03-08 05:00", "2026-03-09 04:00"),
        ("Pacific/Kiritimati", "2026-12-31", "2026-12-30 10:00", "2026-12-31 10:00"),
        ("Pacific/Apia", "2011-12-29", "2011-12-29 10:00", "2011-12-30 10:00"),
    ],
)
def test_f43_a_day_begins_and_ends_with_the_clocks_there(
    zone: str, day: str, begins: str, ends: str
) -> None:
    assert [day_of(at(begins), zone), day_of(at(ends) - SECOND, zone)] == [day, day]
    assert day_of(at(begins) - SECOND, zone) < day < day_of(at(ends), zone)
    assert next_day(day, zone) == at(ends)


@pytest.mark.parametrize(
    ("zone", "day", "ends"),
    [
        ("UTC", "2026-11-22", "2026-12-01 00:00"),
        ("Europe/Berlin", "2026-03-01", "2026-03-31 22:00"),
        ("Europe/Berlin", "2026-10-31", "2026-10-31 23:00"),
        ("Europe/Berlin", "2026-12-31", "2026-12-31 23:00"),
        ("America/New_York", "2028-02-29", "2028-03-01 05:00"),
        ("America/New_York", "2027-02-01", "2027-03-01 05:00"),
    ],
)
def test_f43_a_month_ends_with_its_last_day_there(zone: str, day: str, ends: str) -> None:
    assert next_month(day, zone) == at(ends)
    assert month_of(day_of(at(ends) - SECOND, zone)) == month_of(day)
    assert month_of(day_of(at(ends), zone)) != month_of(day)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe"])
def test_f43_no_day_of_a_year_is_missing_or_double(zone: str) -> None:
    day, moment = "2027-12-31", next_day("2027-12-31", zone)
    seen = []
    while len(seen) < 366:
        day = day_of(moment, zone)
        seen.append(day)
        moment = next_day(day, zone)
    assert (seen[0], seen[59], seen[-1], len(set(seen))) == (
        "2028-01-01",
        "2028-02-29",
        "2028-12-31",
        366,
    )


def test_only_places_this_machine_knows_are_zones() -> None:
    assert is_zone("UTC")
    assert is_zone("Europe/Berlin")
    assert not is_zone("Europe/Nowhere")
    assert not is_zone("../etc/passwd")
    assert all(is_zone(zone) for zone in zones())
