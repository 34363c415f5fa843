"""From the bytes of the directory to a judge: nothing in a bundle is believed before it was checked here."""

from __future__ import annotations

from dataclasses import dataclass

from nacl.public import PrivateKey

from faced.directory.bundle import Bundle
from faced.errors import FacedError, MetricError, StateError, TemplateFormatError, TrustError
from faced.landmarks.observe import Observation
from faced.logon.exemption import NOTHING, LeftOut, believed, left_out
from faced.logon.outcome import Outcome, Ruling, Standing
from faced.logon.serials import SerialMemory
from faced.recognition.calibration import OperatingPoint, Policy
from faced.recognition.decision import MIN_FRAMES, Decision, Matcher
from faced.recognition.metric import Metric
from faced.recognition.site import SiteCalibration
from faced.recognition.template import FaceTemplate
from faced.recognition.wiping import wipe_spare_blocks
from faced.trust.emergency import Grant, check_grant
from faced.trust.emergency_code import check_code
from faced.trust.host import open_epoch_keys
from faced.trust.keys import HostKeys
from faced.trust.permission import Permission, examine
from faced.trust.purpose import Purpose, purposes
from faced.trust.realm import Manifest, Realm, Verifier, open_calibration
from faced.trust.report import subject_of
from faced.trust.sealed import Basis, CheckedTemplate, check_template, open_template
from faced.trust.statement import Kind, parse
from faced.trust.tombstone import check_tombstone
from faced.trust.unlock import Unlock, check_unlock

_REVOKED = frozenset(
    {
        *("tombstoned", "host_revoked", "issuer_revoked", "issuer_retired"),
        *("suspended", "consent_withdrawn", "approval_withdrawn"),
    }
)
_OVER = frozenset({"purpose_over", "consent_over", "approval_over"})


class Unfit(FacedError):
    """No template of this person may be used here and now; ``ruling`` says how the attempt ends."""

    def __init__(self, ruling: Ruling) -> None:
        super().__init__("The person's template cannot be used here.", reason=ruling.reason)
        self.ruling = ruling


class FaceJudge:
    """One person's opened template, for the frames of one attempt; ``left_out`` is what is not to be asked of them."""

    min_frames = MIN_FRAMES

    def __init__(
        self,
        metric: Metric,
        operating_point: OperatingPoint,
        template: FaceTemplate,
        site: SiteCalibration | None = None,
        left_out: LeftOut = NOTHING,
    ) -> None:
        self._metric = metric
        self._operating_point = operating_point
        self._template = template
        self._site = site
        self.left_out = left_out
        self._matcher = self._begun()

    @property
    def band(self) -> str:
        """The coarse distance of the score from the threshold."""
        return self._matcher.verdict().band

    def weigh(self, observation: Observation) -> Decision:
        """Take one more usable frame of the sitting and decide; a frame that cannot be compared is not counted."""
        try:
            self._matcher.add(observation.points, observation.spread)
        except MetricError:
            return Decision.UNDECIDED
        return self._matcher.verdict().decision

    def close(self) -> None:
        """Overwrite the template and what was made of it; the judge is of no use afterwards."""
        self._matcher.wipe()
        self._template.wipe()
        wipe_spare_blocks()

    def restart(self) -> None:
        """Forget all frames."""
        self._matcher.wipe()
        self._matcher = self._begun()

    def _begun(self) -> Matcher:
        return Matcher(self._metric, self._operating_point, self._template, self._site)


@dataclass
class Bench:
    """What this host needs to judge: whom it trusts, its keys, its predictor and metric, and what it has seen.

    ``predictor`` is the SHA-256 of this host's predictor file, ``latest_manifest`` the last one believed since the
    start, ``latest_purposes`` those of its purposes that count.
    """

    realm: Realm
    host: HostKeys
    predictor: bytes
    metric: Metric
    policy: Policy
    serials: SerialMemory
    latest_manifest: Manifest | None = None
    latest_purposes: tuple[Purpose, ...] = ()

    def judge(self, login: str, bundle: Bundle, now: int) -> FaceJudge:
        """Check, open and make ready.

        :param login: the canonical login name from NSS.
        :param now: unix seconds.
        :raises Unfit: whatever is wrong.
        """
        try:
            verifier = self._verifier(bundle, now)
            checked = self._check(verifier, login, bundle)
            epoch_keys = self._epoch_keys(verifier, bundle)
            opened = open_template(checked, bundle.template_keys, epoch_keys, self.predictor)
            template = FaceTemplate.decode(opened.coordinates)
            if checked.unattended and template.confirmed:
                raise TrustError("A template holds something else than its header says.", reason="issuer_lacks_role")
            self.serials.saw_template(login, opened.header.serial, confirmed=template.confirmed)
            numbers = open_calibration(verifier)
            site = None if numbers is None else SiteCalibration.decode(numbers)
            exempt = left_out(verifier, login, bundle.exemption, self.serials)
            return FaceJudge(self.metric, self.policy.point(template), template, site, exempt)
        except TrustError as error:
            raise Unfit(Ruling(_outcome(error.reason), error.reason)) from None
        except (StateError, TemplateFormatError, MetricError) as error:
            raise Unfit(Ruling(Outcome.NO_TEMPLATE, error.reason)) from None

    def other_factor(self, login: str, bundle: Bundle, now: int) -> str:
        """The factor that a signed exemption names in place of this person's face; empty if none holds.

        None holds while the person is suspended, nor one from before they were removed or their approval withdrawn. A
        consent that was withdrawn is no matter: no face is used.
        """
        if bundle.exemption is None:
            return ""
        try:
            verifier = self._here(bundle, now)
            exemption = believed(verifier, login, bundle.exemption, self.serials)
            permission = self._permission(verifier, login, bundle)
            over_at = self._dead_below(verifier, login, bundle)
        except (TrustError, StateError):
            return ""
        approval = permission.words.get(Kind.APPROVAL)
        if approval is not None and approval.against:
            over_at = max(over_at, approval.serial)
        minimum = verifier.manifest.minimum_serials.get(login, 0) if verifier.manifest else 0
        holds = not permission.suspension and exemption.serial > over_at and exemption.serial >= minimum
        return exemption.instead if holds else ""

    def unlock(self, login: str, bundle: Bundle, now: int) -> Unlock | None:
        """The unlock in a bundle that gives this person tries here; None if there is none.

        :raises TrustError: there is one that does not hold; ``older_serial`` if it was used here already.
        """
        if bundle.unlock is None:
            return None
        verifier = self._verifier(bundle, now)
        return check_unlock(verifier, login, self.host.name, bundle.unlock, used=self.serials.used_unlock(login))

    def stricter(self, login: str, bundle: Bundle, now: int) -> bool:
        """Whether the manifest asks more of this person; one that does not hold lets nobody be judged anyway."""
        try:
            manifest = self._verifier(bundle, now).manifest
        except (TrustError, StateError):
            return False
        return manifest is not None and now < manifest.stricter.get(subject_of(self.realm, login), 0)

    def grant(self, login: str, emergency: bytes, bundle: Bundle, now: int, *, spent: int) -> Grant:
        """The emergency grant for this person here, which may be a withdrawal.

        :param spent: the highest serial that was used here or seen withdrawn.
        :raises TrustError: it does not hold, or this host is not in the realm.
        :raises StateError: a serial cannot be remembered.
        """
        return check_grant(self._here(bundle, now), login, self.host.name, emergency, spent=spent)

    def code(self, login: str, digits: str, papers: Bundle, now: int, *, spent: int) -> int:
        """The window of the emergency code that lets this person in here.

        :param spent: the highest window whose code was used here.
        :raises TrustError, StateError: as :meth:`grant`.
        """
        return check_code(self._here(papers, now), self.host, login, digits, spent=spent)

    def standing(self, login: str, bundle: Bundle, now: int) -> tuple[Standing, str]:
        """What the signed state in a bundle says about a person, and the reason's token; nothing is opened."""
        try:
            verifier = self._verifier(bundle, now)
            if verifier.manifest is not None and self.host.name in verifier.manifest.revoked_hosts:
                return Standing.REVOKED, "host_revoked"
            self._check(verifier, login, bundle)
        except TrustError as error:
            outcome = _outcome(error.reason)
            standing = {Outcome.REVOKED: Standing.REVOKED, Outcome.PURPOSE_OVER: Standing.PURPOSE_OVER}
            return standing.get(outcome, Standing.UNAVAILABLE), error.reason
        except StateError as error:
            return Standing.UNAVAILABLE, error.reason
        return Standing.CLEAR, ""

    def _here(self, bundle: Bundle, now: int) -> Verifier:
        """A verifier, if this host itself is in order."""
        verifier = self._verifier(bundle, now)
        self._epoch_keys(verifier, bundle)
        return verifier

    def _epoch_keys(self, verifier: Verifier, bundle: Bundle) -> dict[tuple[str, int], PrivateKey]:
        if bundle.host is None:
            raise TrustError("This computer has no host record.", reason="no_host_statement")
        return open_epoch_keys(verifier, bundle.host, self.host)

    def _verifier(self, bundle: Bundle, now: int) -> Verifier:
        if bundle.manifest is None:
            raise TrustError("There is no manifest of the realm.", reason="manifest_expired")
        verifier = self.realm.verifier(bundle.delegations, bundle.manifest, now)
        if verifier.manifest is not None:
            manifest, issuer = verifier.manifest, parse(bundle.manifest).unverified.issuer
            self.serials.saw_manifest(manifest.serial, issuer, {*manifest.revoked_keys, *manifest.retired_keys})
            self.latest_manifest, self.latest_purposes = manifest, purposes(verifier)
        return verifier

    def _dead_below(self, verifier: Verifier, login: str, bundle: Bundle) -> int:
        """Below which serial the person's templates are dead; a tombstone once seen outlives its entry."""
        if bundle.tombstone is not None:
            self.serials.saw_tombstone(login, check_tombstone(verifier, login, bundle.tombstone))
        return self.serials.dead_below(login)

    def _check(self, verifier: Verifier, login: str, bundle: Bundle) -> CheckedTemplate:
        """The template, if it may be believed and used; what was seen once holds when the directory loses it."""
        permission = self._permission(verifier, login, bundle)
        _refuse(permission.missing(Basis.STAFF))
        dead_below = self._dead_below(verifier, login, bundle)
        if bundle.template is None:
            raise TrustError("There is no template.", reason="tombstoned" if dead_below else "no_template")
        checked = check_template(
            verifier, login, bundle.template, tombstone=bundle.tombstone, lowest_serial=self.serials.lowest(login)
        )
        if checked.header.serial < dead_below:
            raise TrustError("The template was withdrawn.", reason="tombstoned")
        if checked.unattended and self.serials.knows_confirmed(login):
            raise TrustError("A timer replaced what was confirmed at a camera.", reason="issuer_lacks_role")
        _refuse(permission.missing(checked.header.provenance.basis))
        return checked

    def _permission(self, verifier: Verifier, login: str, bundle: Bundle) -> Permission:
        """What consent, approval and suspension say; what was heard here is remembered before anything is done."""
        statements = {
            Kind.CONSENT: bundle.consent,
            Kind.APPROVAL: bundle.approval,
            Kind.SUSPENSION: bundle.suspension,
        }
        permission = examine(verifier, login, statements, self.serials.words_about(login))
        self.serials.heard(login, permission.words)
        return permission


def _outcome(reason: str) -> Outcome:
    if reason in _REVOKED:
        return Outcome.REVOKED
    return Outcome.PURPOSE_OVER if reason in _OVER else Outcome.NO_TEMPLATE


def _refuse(missing: tuple[str, ...]) -> None:
    if missing:
        raise TrustError("The person's face may not be used.", reason=missing[0])
