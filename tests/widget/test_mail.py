"""The mail that gives somebody their own link."""

from referral.worker.letters import write
from tests.widget.conftest import Page
from tests.widget.test_signups import notices


def test_the_mail_says_the_link_the_code_and_what_it_brings(page: Page):
    page.sign_up(email="bob@mail.example", name="Bob")
    said = notices(page, "your_link")[0].content

    mail = write("your_link", {**said, "brand": "Corner Coffee", "portal_url": "https://r/portal"})

    assert mail.subject == "Your link for Corner Coffee"
    for written in (mail.text, mail.html):
        assert said["link"] in written
        assert said["code"] in written
        assert "https://r/portal" in written
        assert "It was not you?" in written
    assert "What you get: €10.00 credit on your next bill" in mail.text
