"""The HR directory of the dummy staff as LDIF (RFC 2849), with ID photos: inetOrgPerson (RFC 2798)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping

from faced.dummy.staff import StaffMember

DEFAULT_BASE = "dc=example,dc=jp"
PEOPLE = "ou=staff"
_LINE = 76
_RDN = re.compile(r"(dc|o|ou)=([A-Za-z0-9][A-Za-z0-9 -]*)", re.IGNORECASE)
#: RFC 2849, SAFE-STRING.
_SAFE = re.compile(rb"(?:[\x01-\x09\x0b\x0c\x0e-\x1f\x21-\x39\x3b\x3d-\x7f][\x01-\x09\x0b\x0c\x0e-\x7f]*)?")
#: RFC 2798 writes readings as ";lang-ja;phonetic", which slapd takes only where its configuration names that option;
#: a language tag with a script (RFC 5646) is taken by every slapd.
_KANJI, _KANA = ";lang-ja", ";lang-ja-hira"


def check_base(base: str) -> str:
    """A base DN that :func:`hr_directory` can make entries for: one or more of dc=, o= and ou=.

    :raises ValueError: it is another, and the text says so.
    """
    rdns = [rdn.strip() for rdn in base.split(",")]
    if not all(_RDN.fullmatch(rdn) for rdn in rdns):
        raise ValueError(f"{base!r} is not a base such as {DEFAULT_BASE}: only dc=, o= and ou= are known")
    return ",".join(rdns)


def hr_directory(
    members: Iterable[StaffMember], photos: Mapping[str, bytes], base: str = DEFAULT_BASE
) -> Iterator[str]:
    """The directory's entries as text, one after the other: the base, ``ou=staff`` below it, and the people.

    Attributes of a person: uid, employeeNumber, employeeType (:class:`faced.dummy.staff.Category`), cn, sn and
    givenName in roman letters, with ``;lang-ja`` in kanji and with ``;lang-ja-hira`` as they are read, displayName,
    mail and jpegPhoto.

    :param photos: login name -> JPEG.
    :raises ValueError: as :func:`check_base`.
    """
    base = check_base(base)
    # No version line, although RFC 2849 asks for one: slapadd takes it for an entry.
    yield _entry(base, _base_attributes(base))
    yield _entry(f"{PEOPLE},{base}", [("objectClass", "organizationalUnit"), ("ou", "staff")])
    for member in members:
        attributes: list[tuple[str, str | bytes]] = [
            ("objectClass", "inetOrgPerson"),
            ("uid", member.login),
            ("employeeNumber", member.number),
            ("employeeType", member.category.value),
            ("cn", member.name),
            ("cn" + _KANJI, member.japanese_name),
            ("cn" + _KANA, member.kana_name),
            ("sn", member.family.roman),
            ("sn" + _KANJI, member.family.japanese),
            ("sn" + _KANA, member.family.kana),
            ("givenName", member.given.roman),
            ("givenName" + _KANJI, member.given.japanese),
            ("givenName" + _KANA, member.given.kana),
            ("displayName", member.japanese_name),
            ("mail", member.mail),
            ("jpegPhoto", photos[member.login]),
        ]
        yield _entry(f"uid={member.login},{PEOPLE},{base}", attributes)


def _base_attributes(base: str) -> list[tuple[str, str | bytes]]:
    kind, _equals, value = base.split(",")[0].partition("=")
    match kind.lower():
        case "dc":
            return [
                ("objectClass", "dcObject"),
                ("objectClass", "organization"),
                ("dc", value),
                ("o", "Dummy town hall"),
            ]
        case "o":
            return [("objectClass", "organization"), ("o", value)]
        case _:
            return [("objectClass", "organizationalUnit"), ("ou", value)]


def _entry(name: str, attributes: Iterable[tuple[str, str | bytes]]) -> str:
    lines = [_line("dn", name)]
    lines += [_line(attribute, value) for attribute, value in attributes]
    return "\n".join(lines) + "\n\n"


def _line(attribute: str, value: str | bytes) -> str:
    """One attribute, in base64 where it must be, folded."""
    data = value.encode() if isinstance(value, str) else value
    if _SAFE.fullmatch(data) and not data.endswith(b" "):
        text = f"{attribute}: {data.decode('ascii')}"
    else:
        text = f"{attribute}:: {base64.b64encode(data).decode('ascii')}"
    folded = [text[:_LINE]]
    folded += [" " + text[at : at + _LINE - 1] for at in range(_LINE, len(text), _LINE - 1)]
    return "\n".join(folded)
