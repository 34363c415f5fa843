"""What a signed exemption is worth here: nothing, unless everything about it holds."""

from __future__ import annotations

from dataclasses import dataclass

from faced.errors import TrustError
from faced.liveness.challenge import Challenge
from faced.logon.other_factor import NO_SUCH_FACTOR
from faced.logon.serials import SerialMemory
from faced.trust.exemption import Exemption, check_exemption
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


def believed(verifier: Verifier, login: str, exemption: bytes, serials: SerialMemory) -> Exemption:
    """What an exemption from the directory says; nothing older is believed from here on.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :func:`check_exemption`.
    :raises StateError: its serial cannot be remembered.
    """
    checked = check_exemption(verifier, login, exemption, lowest_serial=serials.lowest_exemption(login))
    serials.saw_exemption(login, checked.serial)
    return checked


def left_out(verifier: Verifier, login: str, exemption: bytes | None, serials: SerialMemory) -> LeftOut:
    """What an exemption leaves out of the liveness check of somebody who is asked for the face.

    One that does not hold is no reason to refuse the person.

    :raises StateError: as :func:`believed`.
    """
    if exemption is None:
        return NOTHING
    try:
        checked = believed(verifier, login, exemption, serials)
    except TrustError as error:
        return LeftOut(refused=error.reason)
    if checked.instead:
        return LeftOut(refused=NO_SUCH_FACTOR)
    if not set(checked.without) <= set(Challenge):
        return LeftOut(refused="unknown_action")
    return LeftOut(frozenset(map(Challenge, checked.without)))
