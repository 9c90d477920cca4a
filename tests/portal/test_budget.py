"""How many statements the portal's first page costs: six for somebody signed in, and not more."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

from tests.portal.visiting import World, csrf_of

FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements sent, without those that only begin or end a transaction."""
    sent: list[str] = []

    def note(connection, cursor, statement, *_):
        if not statement.lstrip().upper().startswith(FRAME):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_the_first_page_takes_six_statements_however_many_friends_there_are(world: World):
    with world.at_work():
        link = world.shop.link_of(world.shop.customer("alice", full_name="Alice Sommer"))
        for number in range(7):
            world.shop.signup(f"friend{number}", token=world.shop.click(link))
            world.shop.purchase(f"friend{number}")
    alice = world.signed_in("alice@mail.example")
    alice.get()

    with statements() as sent:
        page = alice.get()

    assert page.status_code == 200
    assert len(sent) <= 6, "\n\n".join(sent)


def test_known_and_unknown_addresses_cost_the_same_statements(world: World):
    sent = []
    for email in ("alice@mail.example", "nobodys@mail.example"):
        visitor = world.visitor()
        page = csrf_of(visitor.get("/sign-in").text)
        with statements() as said:
            visitor.client.post(
                f"/portal/{visitor.slug}/sign-in", data={"email": email, "csrf_token": page}
            )
        sent.append(said)

    assert sent[0] == sent[1]
    assert len(sent[0]) <= 8
