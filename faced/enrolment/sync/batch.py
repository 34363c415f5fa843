"""An approved batch: a handler in the role ``approve`` lets one plan go over the limits, once looked at.

It lies on the station, holds for a week and one run to its end, and is worth nothing for any other plan.
"""

from __future__ import annotations

from faced.enrolment.station import RoleKey, Station, replace_file
from faced.errors import StateError, TrustError
from faced.i18n import _
from faced.trust.batch import check_batch, issue_batch
from faced.trust.realm import Verifier
from faced.units import DAY_S

FOLDER = "batches"
VALID_DAYS = 7
_BEGUN = ".begun"


def approve(station: Station, key: RoleKey, plan: str, decision: str, now: int) -> None:
    """Approve exactly this plan.

    :param plan: its id.
    :param decision: the number of the decision it follows.
    :raises StateError: it cannot be written.
    :raises TrustError: the key may not do this (any more).
    """
    statement = issue_batch(station.realm, key.sign, plan, decision=decision, now=now, expires=now + VALID_DAYS * DAY_S)
    check_batch(station.verifier(now), plan, statement)
    folder = station.path / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # Whatever else lies there is of another plan, which nobody will see again.
        for path in folder.iterdir():
            if path.name != plan:
                path.unlink()
    except OSError as error:
        raise StateError(_("{path} cannot be written: {why}.").format(path=folder, why=error.strerror)) from None
    replace_file(folder / plan, statement)


def approved(station: Station, verifier: Verifier, plan: str) -> str | None:
    """The decision under which the plan with this id was approved; None if it was not, or not by somebody who may."""
    try:
        return check_batch(verifier, plan, (station.path / FOLDER / plan).read_bytes())
    except (OSError, TrustError):
        return None


def begin(station: Station, plan: str) -> None:
    """A run of this approved plan begins: if it is cut off, what is left is approved too.

    :raises StateError: that cannot be written.
    """
    replace_file(station.path / FOLDER / f"{plan}{_BEGUN}", b"")


def was_begun(station: Station, plan: str) -> bool:
    """Whether a run of this plan began and did not come to its end."""
    return (station.path / FOLDER / f"{plan}{_BEGUN}").exists()


def use_up(station: Station, plan: str) -> None:
    """An approval is of one run: the same changes on another day are another decision.

    :raises StateError: it cannot be taken away.
    """
    for path in (station.path / FOLDER / plan, station.path / FOLDER / f"{plan}{_BEGUN}"):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(_("{path} cannot be removed: {why}.").format(path=path, why=error.strerror)) from None
