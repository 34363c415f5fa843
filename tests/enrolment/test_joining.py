from __future__ import annotations

import pytest

from faced.enrolment.joining import HostRequest, Welcome, check_host_name
from faced.errors import TrustError
from faced.trust import encoding
from faced.trust.keys import HostKeys

EPOCH = 2026


@pytest.fixture
def keys() -> HostKeys:
    return HostKeys.generate("pc0123", EPOCH)


def test_both_ends_see_the_same_fingerprint(keys: HostKeys) -> None:
    sent = HostRequest.of(keys, EPOCH)
    assert HostRequest.parse(sent.sign_with(keys)) == sent
    assert HostRequest.parse(sent.sign_with(keys)).fingerprint == sent.fingerprint


def test_another_computer_of_the_same_name_has_another_fingerprint(keys: HostKeys) -> None:
    other = HostKeys.generate("pc0123", EPOCH)
    assert HostRequest.of(other, EPOCH).fingerprint != HostRequest.of(keys, EPOCH).fingerprint


def test_a_request_with_any_bit_changed_is_refused(keys: HostKeys) -> None:
    data = HostRequest.of(keys, EPOCH).sign_with(keys)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(TrustError):
            HostRequest.parse(bytes(changed))


def test_a_request_for_a_box_key_of_somebody_else_is_not_signed_by_its_owner(keys: HostKeys) -> None:
    thief = HostKeys.generate("pc0123", EPOCH)
    payload, _signature = encoding.decode(HostRequest.of(keys, EPOCH).sign_with(keys))
    _payload, signature = encoding.decode(HostRequest.of(thief, EPOCH).sign_with(thief))
    with pytest.raises(TrustError) as refusal:
        HostRequest.parse(encoding.encode([payload, signature]))
    assert refusal.value.reason == "bad_signature"


@pytest.mark.parametrize("name", ["", "PC0123", "pc 1", "pc,ou=roles", "-pc", "pc.", "a" * 65, "ＰＣ"])
def test_a_name_that_is_no_computers_is_refused(name: str) -> None:
    with pytest.raises(TrustError):
        check_host_name(name)


def test_a_welcome_opens_only_on_the_computer_it_was_made_for(keys: HostKeys) -> None:
    welcome = Welcome.parse(Welcome.seal(HostRequest.of(keys, EPOCH), b"anchor", "a password").encode())
    assert (welcome.anchor, welcome.open(keys)) == (b"anchor", "a password")
    with pytest.raises(TrustError) as other_keys:
        welcome.open(HostKeys.generate("pc0123", EPOCH))
    assert other_keys.value.reason == "wrong_key"
    with pytest.raises(TrustError) as other_name:
        welcome.open(HostKeys(name="pc0124", sign=keys.sign, boxes=keys.boxes))
    assert other_name.value.reason == "wrong_host"


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 100, bytes(10_000)])
def test_other_files_are_neither_requests_nor_welcomes(data: bytes) -> None:
    with pytest.raises(TrustError):
        HostRequest.parse(data)
    with pytest.raises(TrustError):
        Welcome.parse(data)
