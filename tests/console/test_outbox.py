"""Pages for those who build are there in development and nowhere else."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from config import Settings
from referral import create_app
from referral.gateways.mail import Mail, send
from tests.cast import NOON
from tests.console.visiting import check_page
from tests.fixtures import settings_for

LETTER = Mail(
    key="abc-1",
    to="alice@mail.example",
    sender="no-reply@shop.example",
    sender_name="Corner Coffee",
    subject="Sign in <now>",
    text="Open http://localhost/portal/corner-coffee/sign-in/tok?x=1&y=2.\n<script>alert(1)</script>",
    html="<p>Hello</p>",
    at=NOON,
)


def visitor(mail_url: str) -> FlaskClient:
    """Visit a product that sends its mail there; these pages need no table."""
    settings = settings_for("sqlite:////tmp/never-opened.sqlite3", mail_url=mail_url)
    return create_app(settings).test_client()


def test_mails_of_the_file_outbox_are_read_as_text_with_their_links(tmp_path: Path) -> None:
    client = visitor(f"file:{tmp_path}")
    assert "No mail yet" in check_page(client.get("/dev/outbox"))
    with client.application.app_context():
        send(LETTER, through=f"file:{tmp_path}")
    (file,) = tmp_path.glob("*.eml")
    assert "Sign in &lt;now&gt;" in check_page(client.get("/dev/outbox"))
    text = check_page(client.get(f"/dev/outbox/{file.stem}"))
    address = "http://localhost/portal/corner-coffee/sign-in/tok?x=1&amp;y=2"
    assert f'<a href="{address}" rel="noreferrer">{address}</a>.' in text
    assert "<script>alert" not in text
    assert "no-referrer" in text


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "nothing", ".hidden", "a.eml"])
def test_only_mails_of_the_outbox_are_shown(tmp_path: Path, name: str) -> None:
    client = visitor(f"file:{tmp_path}")
    assert client.get(f"/dev/outbox/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/dev/outbox", "/dev/outbox/abc", "/look"])
def test_production_has_no_such_pages(path: str) -> None:
    settings = Settings(
        referral_env="production",
        secret_key="a secret of more than thirty-two characters",
        base_url="https://refer.example",
        database_url="sqlite:////tmp/production-never-opened.sqlite3",
        mail_url="file:/tmp/outbox",
    )
    client = create_app(settings).test_client()
    assert client.get(path, base_url="https://refer.example").status_code == 404


def test_a_mail_server_leaves_no_outbox() -> None:
    client = visitor("smtp://mail:25")
    assert client.get("/dev/outbox").status_code == 404
    check_page(client.get("/look"))
