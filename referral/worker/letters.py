"""What a notice says, as a subject, a text and an HTML page; the words are in templates/mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app


@dataclass(frozen=True, slots=True)
class Written:
    """A mail in words."""

    subject: str
    text: str
    html: str


def write(kind: str, said: Mapping[str, Any]) -> Written:
    """Write a mail of this kind from what is to be said; raises TemplateNotFound.

    The subject is the text's block of that name, so it is never escaped for HTML.
    """
    templates = current_app.jinja_env
    text = templates.get_template(f"mail/{kind}.txt")
    html = templates.get_template(f"mail/{kind}.html")
    subject = "".join(text.blocks["subject"](text.new_context(dict(said))))
    return Written(" ".join(subject.split()), text.render(said), html.render(said))
