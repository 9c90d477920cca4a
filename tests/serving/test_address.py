"""A link typed out in one shell leads to the server that runs in another."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from config import Settings
from referral.commands.speaking import link
from referral.serving import address
from referral.serving.address import address_in_use, address_left_behind


@pytest.fixture
def instance(app: Flask, tmp_path: Path) -> Flask:
    """An application in development with an instance folder of its own."""
    app.instance_path = str(tmp_path)
    use(app, port=9000)
    return app


def use(app: Flask, **chosen: object) -> None:
    app.extensions["settings"] = Settings(referral_env="development", **chosen)  # type: ignore[arg-type]


def test_a_command_finds_the_port_of_the_running_server(instance: Flask) -> None:
    with address_left_behind():
        use(instance)
        assert link("/console") == "http://127.0.0.1:9000/console"
    use(instance, port=9000)
    with address_left_behind():
        pass
    use(instance)
    assert link("/console") == "http://127.0.0.1:8000/console"


@pytest.mark.parametrize(
    ("chosen", "base"),
    [
        ({"port": 9500}, "http://127.0.0.1:9500"),
        ({"base_url": "https://refer.example"}, "https://refer.example"),
    ],
)
def test_what_the_command_is_told_counts_more(
    instance: Flask, chosen: dict[str, object], base: str
) -> None:
    with address_left_behind():
        use(instance, **chosen)
        assert link("/console") == f"{base}/console"


def test_a_server_that_ends_leaves_the_address_of_another(instance: Flask) -> None:
    with ExitStack() as second:
        with address_left_behind():
            use(instance, port=9001)
            second.enter_context(address_left_behind())
        assert address_in_use() == "http://127.0.0.1:9001"


def test_a_server_that_ends_gives_the_address_back_to_one_that_still_answers(
    instance: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    living = {9000}
    monkeypatch.setattr(address, "answers", lambda host, port, *, path: port in living)
    with address_left_behind():
        use(instance, port=9001)
        with address_left_behind():
            assert address_in_use() == "http://127.0.0.1:9001"
        assert address_in_use() == "http://127.0.0.1:9000"
        with address_left_behind():
            living.clear()
        assert address_in_use() == ""


def test_production_leaves_no_address(instance: Flask, tmp_path: Path) -> None:
    instance.extensions["settings"] = Settings(
        referral_env="production", base_url="https://refer.example"
    )
    with address_left_behind():
        assert list(tmp_path.iterdir()) == []
