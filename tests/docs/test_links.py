"""Every link of the documents leads somewhere, and nothing private is in them."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from config import ROOT
from tests.docs.markdown import anchors, documents, links

OURS = documents()


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_to_a_file_and_a_heading(path: Path) -> None:
    assert [link for link in links(path) if not _resolves(path, link)] == []


def test_the_readme_leads_to_every_document() -> None:
    readme = ROOT / "README.md"
    linked = {(ROOT / link.split("#")[0]).resolve() for link in links(readme) if "://" not in link}
    pages = {*(ROOT / "docs").glob("*.md"), ROOT / "CHANGELOG.md", ROOT / "DEVELOPERS.md"}
    assert pages - linked == set()


def test_the_readme_leads_to_the_decisions_folder() -> None:
    assert "docs/decisions/" in links(ROOT / "README.md")


def test_decisions_are_numbered_without_a_gap_and_fit_a_page() -> None:
    found = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [int(path.name[:4]) for path in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for path in found:
        lines = path.read_text("utf-8").splitlines()
        assert re.match(rf"# {int(path.name[:4])}\. ", lines[0]), path.name
        assert len(lines) <= 60, path.name


def test_pictures_are_small_enough_for_a_telephone() -> None:
    heavy = [path.name for path in (ROOT / "docs/img").glob("*") if path.stat().st_size > 200_000]
    assert heavy == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_a_place_on_somebodys_machine(path: Path) -> None:
    assert re.findall(r"/(?:home|work|root|Users|tmp)/\w+", path.read_text("utf-8")) == []


def _resolves(path: Path, link: str) -> bool:
    if re.match(r"(https?|mailto):", link):
        return True
    name, _, anchor = unquote(link).partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or (target.suffix == ".md" and anchor in anchors(target))
