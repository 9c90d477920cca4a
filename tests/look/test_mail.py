"""The frame of every mail, as text and as HTML."""

import pytest
from flask import Flask

WORDS = (
    "{% block heading %}Bob bought{% endblock %}"
    "{% block content %}Your reward comes.{% endblock %}"
    "{% block reason %}You share a link.{% endblock %}"
)
SEEN = {
    "brand": "Nordlicht Coffee",
    "site_url": "https://nordlicht.example",
    "action": {"url": "https://nordlicht.example/portal", "words": "See your friends"},
}


def write(gallery: Flask, kind: str) -> str:
    """Return a short mail in the frame of that kind."""
    source = '{% extends "mail/base.' + kind + '" %}' + WORDS
    with gallery.test_request_context():
        return gallery.jinja_env.from_string(source).render(SEEN)


@pytest.mark.parametrize("trim", [True, False])
def test_a_text_mail_keeps_its_lines_however_templates_are_trimmed(gallery: Flask, trim: bool):
    trimmed = gallery.jinja_env.overlay(trim_blocks=trim, lstrip_blocks=trim)

    written = trimmed.from_string('{% extends "mail/base.txt" %}' + WORDS).render(SEEN)

    assert written.rstrip("\n").split("\n") == [
        "Bob bought",
        "",
        "Your reward comes.",
        "",
        "See your friends:",
        "https://nordlicht.example/portal",
        "",
        "-- ",
        "You share a link.",
        "Nordlicht Coffee · https://nordlicht.example",
    ]


def test_a_mail_shows_where_its_button_leads(gallery: Flask):
    written = write(gallery, "html")

    assert "<title>Bob bought</title>" in written
    assert written.count("https://nordlicht.example/portal") == 2
