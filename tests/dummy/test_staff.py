"""The staff: names, numbers, logins and categories that a town hall could have."""

from __future__ import annotations

import re
from collections import Counter

from faced.dummy import Category, staff
from faced.dummy.names import FAMILY, FEMALE, MALE
from faced.dummy.shape import draw_shape

HIRAGANA = re.compile(r"[ぁ-んー]+")
EVERY_NAME = (*FAMILY, *MALE, *FEMALE)
KANJI = re.compile(r"[一-龠々]+")


def test_everybody_is_somebody_else() -> None:
    members = staff(120)
    for key in ("number", "login", "mail", "japanese_name", "seed"):
        assert len({getattr(member, key) for member in members}) == len(members)


def test_logins_and_mail_addresses_are_well_formed() -> None:
    for member in staff(120):
        assert re.fullmatch(r"[a-z]+-[a-z]\d*", member.login)
        assert member.mail == f"{member.login}@example.jp"
        assert re.fullmatch(r"1\d{5}", member.number)


def test_the_same_seed_is_the_same_staff_and_fewer_are_its_beginning() -> None:
    def who(count: int, seed: int) -> list[tuple[str, str, int]]:
        return [(member.login, member.japanese_name, member.seed) for member in staff(count, seed)]

    assert who(20, 1) == who(20, 1)
    assert who(8, 1) == who(20, 1)[:8]
    assert [login for login, _name, _seed in who(20, 1)] != [login for login, _name, _seed in who(20, 2)]


def test_names_agree_with_faces() -> None:
    for member in staff(60):
        assert member.given in (MALE if draw_shape(member.seed, 0.75).male else FEMALE)


def test_twenty_people_have_all_categories_and_most_are_regular() -> None:
    counted = Counter(member.category for member in staff(20))
    assert set(counted) == set(Category)
    assert counted[Category.REGULAR] == 12


def test_those_who_came_back_after_retiring_look_the_oldest() -> None:
    members = staff(40)
    ages = {member.login: draw_shape(member.seed, 0.75).age for member in members}
    back = [ages[m.login] for m in members if m.category in (Category.REAPPOINTED, Category.REEMPLOYED)]
    others = [ages[m.login] for m in members if m.category not in (Category.REAPPOINTED, Category.REEMPLOYED)]
    assert min(back) >= max(others)


def test_names_are_written_in_three_ways() -> None:
    for name in EVERY_NAME:
        assert name.roman.isascii() and name.roman.istitle()
        assert KANJI.fullmatch(name.japanese)
        assert HIRAGANA.fullmatch(name.kana)
    written = [name.japanese for name in EVERY_NAME]
    assert len(set(written)) == len(written)


#: What a romanised syllable of each kana begins with; enough to catch a reading put beside the wrong name.
FIRST_LETTER = {
    kana: letter
    for kanas, letter in (
        ("あ", "a"), ("い", "i"), ("う", "u"), ("え", "e"), ("お", "o"), ("かきくけこ", "k"), ("さしすせそ", "s"),
        ("たつてと", "t"), ("ち", "c"), ("なにぬねの", "n"), ("はひへほ", "h"), ("ふ", "f"), ("まみむめも", "m"),
        ("やゆよ", "y"), ("らりるれろ", "r"), ("わ", "w"), ("がぎぐげご", "g"), ("じ", "j"), ("だで", "d"),
    )
    for kana in kanas
}  # fmt: skip


def test_readings_and_roman_letters_begin_alike() -> None:
    for name in EVERY_NAME:
        assert FIRST_LETTER[name.kana[0]] == name.roman[0].lower(), name
