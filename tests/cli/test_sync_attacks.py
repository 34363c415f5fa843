"""Whoever writes the personnel section's records wants to be somebody else, or let somebody in: what a run does."""

from __future__ import annotations

import pytest

from faced.dummy import Identity, encode_jpeg, id_photo
from faced.trust.sealed import Basis, read_header
from faced.trust.statement import parse
from tests.cli.conftest import Office
from tests.cli.syncing import WHY, Hr, all_entries, apply, done_of, opened, planned, steps, template
from tests.cli.test_host import joined


def test_two_people_whose_photos_were_swapped_keep_their_faces(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    joined(enrolled)
    before = all_entries(enrolled)
    hr.change("tanaka", jpegPhoto=pictures["ito"])
    hr.change("ito", jpegPhoto=pictures["tanaka"])
    assert sorted(opened(planned(enrolled))) == [("ito", "same_photo"), ("tanaka", "same_photo")]
    assert done_of(apply(enrolled, "--accept", "ito", "--accept", "tanaka")) == 0, "not even for a handler"
    # Other files of the two faces.
    hr.change("tanaka", jpegPhoto=encode_jpeg(id_photo(Identity(62))))
    hr.change("ito", jpegPhoto=pictures["again"])
    assert sorted(opened(planned(enrolled))) == [("ito", "mismatch"), ("tanaka", "mismatch")]
    assert done_of(apply(enrolled)) == 0
    assert all_entries(enrolled) == before


def test_an_intruders_number_under_the_mayors_login_name(enrolled: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    """Ito's record now says that Ito's login name is Tanaka's; Tanaka's own record is gone or stands beside it."""
    before = all_entries(enrolled)
    hr.change("ito", uid="tanaka")
    assert {reason for _login, reason in opened(planned(enrolled))} == {"duplicate_login"}
    hr.remove("tanaka")
    assert opened(planned(enrolled)) == [("tanaka", "two_people")]
    assert steps(enrolled) == []
    assert done_of(apply(enrolled, "--accept", "tanaka")) == 0, "who looks at one of them decides about one of them"
    assert all_entries(enrolled) == before


@pytest.mark.parametrize("spelling", ["TANAKA", "Tanaka", "ｔａｎａｋａ", "tan\u200baka"])
def test_another_spelling_of_the_mayors_login_name_is_nobody(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes], spelling: str
) -> None:
    before = all_entries(enrolled)
    hr.add("intruder", pictures["again"], uid=spelling)
    found = planned(enrolled)
    assert found["changes"] == [], found
    assert done_of(apply(enrolled)) == 0
    assert all_entries(enrolled) == before
    hr.remove("intruder")
    hr.change("tanaka", uid=spelling)
    found = planned(enrolled)
    assert found["changes"] == [], "who has a record that cannot be read has not left"
    assert all_entries(enrolled) == before


def test_spaces_around_a_login_name_are_not_part_of_it(enrolled: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    hr.change("tanaka", uid=" tanaka ", employeeNumber=" N-tanaka ")
    assert (steps(enrolled), opened(planned(enrolled))) == ([], [])
    hr.add("intruder", pictures["again"], uid="tanaka ")
    assert {reason for _login, reason in opened(planned(enrolled))} == {"duplicate_login"}


def test_a_part_time_worker_whose_approval_was_withdrawn_is_called_regular_staff(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    """Without the approval the PCs refuse the person; regular staff need none."""
    by_consent(enrolled, hr, pictures["again"])
    withdrawn = enrolled.facectl("approval", "withdraw", "kato", *WHY)
    assert withdrawn.exit_code == 0, withdrawn.output
    hr.change("kato", employeeType="regular")
    assert opened(planned(enrolled)) == [("kato", "now_staff")]
    assert done_of(apply(enrolled)) == 0
    assert basis(enrolled, "kato") is Basis.CONSENT
    assert done_of(apply(enrolled, "--accept", "kato")) == 1
    assert basis(enrolled, "kato") is Basis.STAFF
    assert (steps(enrolled), opened(planned(enrolled))) == ([], []), "that was decided"


def test_a_part_time_worker_who_is_called_regular_staff_is_believed(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    """Decision 0048, what remains: the category is the personnel section's word."""
    by_consent(enrolled, hr, pictures["again"])
    before = template(enrolled, "kato")
    hr.change("kato", employeeType="regular")
    assert steps(enrolled) == [("renew", "kato", "basis")]
    hr.change("kato", jpegPhoto=pictures["ito"])
    assert opened(planned(enrolled)) == [("kato", "same_photo")], "a face is not changed with it"
    hr.change("kato", jpegPhoto=encode_jpeg(id_photo(Identity(62))))
    assert opened(planned(enrolled)) == [("kato", "photo_changed")]
    assert template(enrolled, "kato") == before
    hr.change("kato", jpegPhoto=pictures["again"])
    assert done_of(apply(enrolled)) == 1
    assert basis(enrolled, "kato") is Basis.STAFF


def by_consent(office: Office, hr: Hr, photo: bytes) -> None:
    """Kato is a part-time worker, approved, agreed and enrolled."""
    hr.add("kato", photo, employeeType="part-time")
    details = ("--staff-number", "N-kato", "--name", "Hanako Tanaka", "--mail", "kato@example.jp")
    for words in (
        ("add", "kato", *details),
        ("approval", "record", "kato", "--decision", "12"),
        ("consent", "record", "kato", "--given", "2026-10-01"),
    ):
        assert office.facectl(*words, *WHY).exit_code == 0
    assert done_of(apply(office)) == 1
    assert basis(office, "kato") is Basis.CONSENT


def basis(office: Office, login: str) -> Basis:
    held = template(office, login)
    assert held is not None
    return read_header(parse(held).unverified).provenance.basis
