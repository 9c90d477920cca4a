"""What others read holds nothing unseen, and every script stays as it was typed."""

import pytest

from referral.foundation.text import plain

TURNS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]


@pytest.mark.parametrize("code", TURNS)
def test_a_turn_of_direction_goes(code: int) -> None:
    assert plain(f"Ali{chr(code)}ce") == "Alice"


@pytest.mark.parametrize("code", CONTROLS)
def test_no_control_character_is_kept(code: int) -> None:
    assert plain(f"Ali{chr(code)}ce") in ("Alice", "Ali ce")


@pytest.mark.parametrize("gap", ["  ", "\t", "\r\n", "\x0b", "\x85", "\u00a0", "\u2028"])
def test_white_space_becomes_one_space(gap: str) -> None:
    assert plain(f" Alice{gap}Smith ") == "Alice Smith"


@pytest.mark.parametrize(
    "name",
    [
        "שרה לוי",
        "محمد علي",
        "नम\u200cस्ते",
        "क्\u200dष",
        "👩\u200d👧 Family",
        "❤\ufe0f Tea",
        "Zoe\u0308",
        "O’Brien-Łódź",
    ],
)
def test_letters_of_every_script_stay(name: str) -> None:
    assert plain(name) == name


def test_a_text_of_nothing_seen_is_empty() -> None:
    assert plain("\u202e\x00 \u2069") == ""
