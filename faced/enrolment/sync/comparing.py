"""Whether a new photo shows the person who is enrolled: asked of a PC that may open that person's template.

The station itself cannot: whoever enrols holds nothing that opens what was sealed. If its computer is a PC of the realm
too, and of the person's key group, its own keys can, as at any logon there. Otherwise a handler compares.
"""

from __future__ import annotations

from nacl.public import PrivateKey

from faced.directory.people import Person
from faced.enrolment.calibrating import calibration_in_force
from faced.errors import MetricError, TemplateFormatError, TrustError
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import Decision, Matcher
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate
from faced.trust.host import open_epoch_keys
from faced.trust.keys import HostKeys
from faced.trust.realm import Verifier
from faced.trust.sealed import check_template, open_template

#: Of a photo that nobody looks at: one stranger in a thousand would pass, and the others are asked about.
UNATTENDED_FMR = 1e-3


class Comparer:
    """The keys of this computer as a PC of the realm.

    :param host_statement: what the directory has of it.
    :raises TrustError: it opens nothing here (any more).
    """

    def __init__(self, verifier: Verifier, keys: HostKeys, host_statement: bytes) -> None:
        self._verifier = verifier
        self._metric = Metric.shipped()
        self._point = OperatingPoint.shipped(UNATTENDED_FMR)
        self._site = calibration_in_force(verifier)
        self._epoch_keys: dict[tuple[str, int], PrivateKey] = open_epoch_keys(verifier, host_statement, keys)

    def same_person(self, person: Person, photo: FaceTemplate, predictor: bytes) -> bool | None:
        """Whether a photo's face is that of the standing template.

        :param predictor: the id of the predictor that the photo was looked at with.
        :return: None if that cannot be told here.
        """
        template = person.face.template
        # Without the site's own threshold, several times too many strangers of one photographer resemble each other.
        if template is None or self._site is None:
            return None
        try:
            checked = check_template(self._verifier, person.login, template, tombstone=person.face.tombstone)
            opened = open_template(checked, person.face.template_keys, self._epoch_keys, predictor)
            standing = FaceTemplate.decode(opened.coordinates)
            samples = photo.samples
            matcher = Matcher(
                self._metric, self._point, standing, self._site, min_frames=len(samples), max_frames=len(samples)
            )
            for sample in samples:
                matcher.add(sample.points, sample.spread)
        except (TrustError, TemplateFormatError, MetricError):
            return None
        same = matcher.verdict().decision is Decision.MATCH
        matcher.wipe()
        standing.wipe()
        return same
