"""Reads the project's documents: their links, headings, tables and blocks of code."""

import re
from dataclasses import dataclass
from pathlib import Path

from config import ROOT

_SKIPPED = {".venv", "instance", "node_modules", "vendor", ".git"}
_FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|\bsrc=\"([^\"]+)\"")


@dataclass(frozen=True)
class Block:
    """A block of code and the language it is marked with."""

    language: str
    text: str


def documents() -> list[Path]:
    """List every Markdown file that is ours."""
    found = ROOT.rglob("*.md")
    return sorted(
        path
        for path in found
        if not any(
            part in _SKIPPED or part.startswith(".") for part in path.relative_to(ROOT).parts
        )
    )


def blocks(path: Path, *languages: str) -> list[Block]:
    """List a document's blocks of code, or those in some languages."""
    found = [Block(*pair) for pair in _FENCE.findall(path.read_text("utf-8"))]
    return [block for block in found if not languages or block.language in languages]


def prose(path: Path) -> str:
    """Return a document without its code, where a bracket may mean anything."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", path.read_text("utf-8")))


def links(path: Path) -> list[str]:
    """List where a document's links and pictures lead."""
    return [target or picture for target, picture in _LINK.findall(prose(path))]


def anchors(path: Path) -> set[str]:
    """List the anchors of a document's headings, as hosts of repositories make them."""
    heads = re.findall(r"^#+ +(.+?) *$", _FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {head.replace(" ", "-") for head in plain}


def rows(path: Path, heading: str) -> list[list[str]]:
    """List the cells of every table row under a heading, without the head of the table."""
    text = path.read_text("utf-8")
    start = text.index(f"\n## {heading}\n")
    section = text[start + 4 :].split("\n## ", maxsplit=1)[0]
    lines = [line.strip() for line in section.splitlines() if line.strip().startswith("|")]
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    rules = [place for place, row in enumerate(cells) if set("".join(row)) <= set("-:| ")]
    heads = {place - 1 for place in rules} | set(rules)
    return [row for place, row in enumerate(cells) if place not in heads]
