"""What the documents tell to type exists: tasks, commands, options, and their kinds of values."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from flask import Flask
from flask_migrate.cli import db as migrations

from config import ROOT
from referral.commands import add_commands
from referral.domain.programs import Kind, Side
from tests.docs.markdown import blocks, documents

README = ROOT / "README.md"


def test_the_readme_gives_the_two_commands() -> None:
    typed = [line for block in blocks(README) for line in block.text.splitlines()]
    assert [line.split("#")[0].strip() for line in typed if line.startswith("make ")] == [
        "make run",
        "make test",
    ]
    assert "python3 tools/dev.py run" in README.read_text()


def test_every_task_named_in_a_document_is_one() -> None:
    usage = subprocess.run(
        [sys.executable, ROOT / "tools/dev.py", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    tasks = set(re.findall(r"^  (\w+) ", usage, re.MULTILINE))
    named = {
        task
        for path in documents()
        for task in re.findall(r"(?:\bmake|tools/dev\.py) ([a-z]+)\b", _code(path))
    }
    assert {"run", "test", "check"} <= named
    assert named <= tasks


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_flask_command_in_a_document_has_its_options(path: Path) -> None:
    for words in _flask_calls(path):
        command = _commands()[words[0]]
        options = {name for one in command.params for name in one.opts}
        given = {word.split("=")[0] for word in words[1:] if word.startswith("--")}
        assert given <= options | {"--help"}, words


def test_the_documents_do_tell_to_use_the_commands() -> None:
    told = {words[0] for path in documents() for words in _flask_calls(path)}
    assert {"create-business", "create-program", "serve", "work", "audit-ledger", "db"} <= told


def test_the_first_business_of_production_can_be_made_as_it_is_written(app: Flask) -> None:
    business, *programs = [
        words
        for words in _flask_calls(ROOT / "docs/production.md")
        if words[0].startswith("create-")
    ]
    made = _typed(app, business)
    found = re.search(r'"id": "(biz_\w+)"', made)
    assert found
    first, *further = [
        _typed(app, [found[1] if word == "biz_…" else word for word in program])
        for program in programs
    ]
    assert f'"side": "{Side.ADVOCATE}"' in first
    assert f'"kind": "{Kind.DISCOUNT}"' in first
    assert len(further) == 2


def _typed(app: Flask, words: list[str]) -> str:
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    return done.output


def _commands() -> dict[str, click.Command]:
    app = Flask("documents")
    add_commands(app)
    return {**app.cli.commands, migrations.name or "db": migrations}


def _code(path: Path) -> str:
    """Return everything a document shows as code, in blocks and in lines."""
    inline = re.findall(r"`([^`\n]+)`", path.read_text("utf-8"))
    return "\n".join([*(block.text for block in blocks(path)), *inline])


def _flask_calls(path: Path) -> list[list[str]]:
    """List every `flask --app wsgi …` a document gives, as words."""
    text = _code(path).replace("\\\n", " ")
    found = re.findall(r"flask --app wsgi ([a-z][^\n]*)", text)
    return [shlex.split(call, comments=True) for call in found]
