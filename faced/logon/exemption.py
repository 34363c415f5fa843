"""What a signed exemption leaves out of a person's liveness check: nothing, unless everything about it holds."""

from __future__ import annotations

from dataclasses import dataclass

from faced.errors import TrustError
from faced.liveness.challenge import Challenge
from faced.logon.serials import SerialMemory
from faced.trust.exemption import check_exemption
from faced.trust.realm import Verifier


@dataclass(frozen=True)
class LeftOut:
    """Actions that the person is not asked for.

    ``refused`` says for the audit why an exemption that is there leaves nothing out; empty if it does, or if there is
    none.
    """

    actions: frozenset[Challenge] = frozenset()
    refused: str = ""


NOTHING = LeftOut()


def left_out(verifier: Verifier, login: str, exemption: bytes | None, serials: SerialMemory) -> LeftOut:
    """What an exemption from the directory is worth. One that does not hold is no reason to refuse the person.

    :param login: the canonical login name from NSS.
    :raises StateError: its serial cannot be remembered.
    """
    if exemption is None:
        return NOTHING
    try:
        checked = check_exemption(verifier, login, exemption, lowest_serial=serials.lowest_exemption(login))
    except TrustError as error:
        return LeftOut(refused=error.reason)
    serials.saw_exemption(login, checked.serial)
    if not set(checked.without) <= set(Challenge):
        return LeftOut(refused="unknown_action")
    return LeftOut(frozenset(map(Challenge, checked.without)))
