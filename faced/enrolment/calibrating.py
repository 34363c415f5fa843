"""The site's calibration: made at the station over the templates at hand, carried by the next manifest.

A threshold set on press photos lets in several times too many strangers of one site, whose ID photos were all taken in
one way. The templates are at hand only while they are being enrolled: sealed, the station cannot open them any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from faced.enrolment.station import RoleKey, Station
from faced.errors import MetricError
from faced.recognition.metric import Metric
from faced.recognition.site import FEWEST_PEOPLE, SiteCalibration
from faced.recognition.template import FaceTemplate
from faced.trust.realm import Verifier, issue_calibration, open_calibration
from faced.trust.statement import Kind
from faced.units import DAY_S

#: It holds as long as manifests name it; the statement itself outlives the delegation that it was made under.
_VALID_S = 10 * 366 * DAY_S


def calibration_in_force(verifier: Verifier) -> SiteCalibration | None:
    """What the last manifest names; None without one, or if it is of a format that this version does not know."""
    numbers = open_calibration(verifier)
    try:
        return None if numbers is None else SiteCalibration.decode(numbers)
    except MetricError:
        return None


def better_calibration(verifier: Verifier, metric: Metric, templates: Sequence[FaceTemplate]) -> SiteCalibration | None:
    """A calibration over these templates, if it is worth more than the one in force.

    A few newcomers must not take the place of the whole staff: it needs as many people as the one in force, unless that
    was made for another metric.

    :param templates: one of each person.
    """
    if len(templates) < FEWEST_PEOPLE:
        return None
    held = calibration_in_force(verifier)
    if held is not None and held.metric_id == metric.id and held.people > len(templates):
        return None
    return SiteCalibration.over(metric, templates)


def sign_calibration(station: Station, enrol: RoleKey, calibration: SiteCalibration, now: int) -> bytes:
    """A calibration as a manifest names it; whoever issues manifests could not have made one.

    :raises TrustError: the key may not sign one. Named in a manifest and not believed it would keep everybody out.
    """
    signed = issue_calibration(station.realm, enrol.sign, calibration.encode(), now, now + _VALID_S)
    station.verifier(now).check(signed, Kind.CALIBRATION)
    return signed
