"""docs/production.md lists every setting with its true default."""

import re

from config import ROOT, Settings
from tests.docs.markdown import rows

PRODUCTION = ROOT / "docs/production.md"


def test_production_lists_exactly_the_settings_there_are() -> None:
    listed = [name for name, _ in _listed()]
    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)
    assert len(set(listed)) == len(listed)


def test_production_gives_the_true_defaults() -> None:
    assert dict(_listed()) == {
        name.upper(): _written(field.default) for name, field in Settings.model_fields.items()
    }


def test_what_production_says_must_be_set_is_what_production_refuses_to_miss() -> None:
    marked = {
        cells[0].strip("`") for cells in rows(PRODUCTION, "Settings") if "**must**" in cells[2]
    }
    unset = Settings.model_validate({"referral_env": "production"}).problems()
    missed = {match[0] for said in unset if (match := re.match(r"[A-Z_]+", said))}
    assert marked == missed | {"REFERRAL_ENV"}


def test_every_line_worth_an_alarm_is_one_the_product_writes() -> None:
    section = PRODUCTION.read_text().split("Log lines worth an alarm:")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", section))
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "referral").rglob("*.py"))
    assert named
    assert {name for name in named if f'"{name}"' not in source} == set()


def _listed() -> list[tuple[str, str]]:
    return [(cells[0].strip("`"), cells[1].strip("`")) for cells in rows(PRODUCTION, "Settings")]


def _written(default: object) -> str:
    plain = getattr(default, "get_secret_value", lambda: default)()
    return str(getattr(plain, "value", plain))
