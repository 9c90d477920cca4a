"""docs/glossary.md knows every table, and every prefix of a public id."""

import re

from flask import Flask

from config import ROOT
from referral.domain.programs import Kind
from referral.domain.rewards import RewardState
from referral.foundation.db import db
from tests.docs.markdown import rows

GLOSSARY = ROOT / "docs/glossary.md"
SURFACES = ROOT / "referral/surfaces"


def test_the_glossary_names_exactly_the_tables_there_are(app: Flask) -> None:
    named = [
        _word(cells) for heading in ("Things", "Behind them") for cells in rows(GLOSSARY, heading)
    ]
    assert sorted(named) == sorted(_classes())


def test_the_glossary_gives_the_prefix_of_every_id_people_see(app: Flask) -> None:
    told = {_word(cells): cells[2].strip("`").rstrip("_") for cells in rows(GLOSSARY, "Things")}
    classes = _classes()
    assert told == {name: getattr(classes[name], "prefix", "") for name in told}


def test_what_stands_behind_serves_a_thing_of_the_glossary() -> None:
    things = {_word(cells) for cells in rows(GLOSSARY, "Things")}
    for cells in rows(GLOSSARY, "Behind them"):
        served = cells[1].split(":")[0].split(" or ")
        assert set(served) <= things, cells


def test_the_glossary_names_what_pages_say_of_kinds_and_states() -> None:
    told = {
        cells[0].strip("`"): cells[1].split(" · ") for cells in rows(GLOSSARY, "What pages say")
    }
    assert {*Kind, *RewardState} <= set(told)
    places = [*ROOT.joinpath("templates").rglob("*.html"), *SURFACES.rglob("*.py")]
    pages = " ".join(path.read_text("utf-8") for path in places)
    unsaid = [words for said in told.values() for words in said if f'"{words}"' not in pages]
    assert unsaid == []


def test_one_word_is_used_for_a_program() -> None:
    folders = ("referral", "templates", "docs", "static/js", "static/widget")
    files = [path for folder in folders for path in ROOT.joinpath(folder).rglob("*.*")]
    read = [one for one in files if one.suffix in (".py", ".html", ".txt", ".md", ".js")]
    found = [path for path in (*read, ROOT / "README.md", ROOT / "CHANGELOG.md")
             if "programme" in path.read_text("utf-8").lower()]  # fmt: skip
    assert (len(read) > 500, found) == (True, [])


def _word(cells: list[str]) -> str:
    found = re.fullmatch(r"\*\*(\w+)\*\*", cells[0])
    assert found, cells
    return found[1]


def _classes() -> dict[str, type]:
    return {mapper.class_.__name__: mapper.class_ for mapper in db.Model.registry.mappers}
