"""The site's calibration after many people were enrolled at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.station import Desk
from faced.directory.realm import RealmDocuments
from faced.enrolment.acts import Act

if TYPE_CHECKING:
    from faced.recognition.template import FaceTemplate


def calibrate_site(enrol: Desk, manifest: Desk, faces: Sequence[FaceTemplate], reason: str) -> int:
    """Calibrate the site over these faces if that is worth more than what is in force; returns how many they were.

    The faces are at hand only now: sealed, the station cannot open them any more.

    :param manifest: the desk that issues manifests.
    """
    from faced.enrolment.calibrating import better_calibration, sign_calibration
    from faced.enrolment.revising import revise_manifest
    from faced.recognition.metric import Metric

    if not faces:
        return 0
    station, now = manifest.station, enrol.run.now
    # Connecting first: a newer manifest in the directory may name a better calibration.
    with manifest.connect() as connection:
        calibration = better_calibration(station.verifier(now), Metric.shipped(), faces)
        if calibration is None:
            return 0
        signed = sign_calibration(station, enrol.key, calibration, now)
        with manifest.recorded(Act.MANIFEST, "calibration", reason):
            revise_manifest(
                station,
                manifest.key,
                RealmDocuments(connection, manifest.tree),
                now,
                lambda held: dataclasses.replace(held, calibration=signed),
            )
    return calibration.people
