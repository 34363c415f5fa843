"""What the unattended synchronisation may not say: its key needs no passphrase (decision 0047)."""

from __future__ import annotations

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.realm import CLOCK_SKEW_S, Verifier


def beyond_sync(what: str) -> TrustError:
    """The error of a record with which the synchronisation took more upon itself than it may."""
    return TrustError(
        _("The unattended synchronisation may not {what}: a handler in the role enrol must do it.").format(what=what),
        reason="issuer_lacks_role",
    )


def check_not_ahead(verifier: Verifier, serial: int) -> None:
    """Serials follow the clock: one beyond it would win over what handlers sign for a long time.

    :raises TrustError: ``not_yet_valid``.
    """
    if serial > verifier.now + CLOCK_SKEW_S:
        raise TrustError(
            _("The serial of a record of the synchronisation is ahead of its time."), reason="not_yet_valid"
        )
