"""The names of etc/ldap/faced.schema, and how large a value of each may be.

The directory does not enforce sizes of octet strings: we do when we write and when we read. Together the values of one
bundle must fit in a message of 64 KiB in base64.
"""

from __future__ import annotations

from collections.abc import Iterable

from faced.errors import DirectoryError
from faced.i18n import _

PERSON_CLASS = "facedPerson"
HOST_CLASS = "facedHost"
REALM_CLASS = "facedRealm"

TEMPLATE = "facedTemplate"
TEMPLATE_KEY = "facedTemplateKey"
TOMBSTONE = "facedTombstone"
KEY_GROUP = "facedKeyGroup"
HOST_REQUEST = "facedHostRequest"
HOST_STATEMENT = "facedHostStatement"
HOST_REPORT = "facedHostReport"
REALM_STATEMENT = "facedRealmStatement"
DELEGATION = "facedDelegation"
MANIFEST = "facedManifest"
EXEMPTION = "facedExemption"
UNLOCK = "facedUnlock"
EMERGENCY = "facedEmergency"
CONSENT = "facedConsent"
APPROVAL = "facedApproval"
SUSPENSION = "facedSuspension"

#: Bytes in one value.
LARGEST = {
    TEMPLATE: 12 * 1024,
    TEMPLATE_KEY: 512,
    TOMBSTONE: 2048,
    KEY_GROUP: 64,
    HOST_REQUEST: 4096,
    HOST_STATEMENT: 12 * 1024,
    HOST_REPORT: 12 * 1024,
    REALM_STATEMENT: 1024,
    DELEGATION: 512,
    MANIFEST: 20 * 1024,
    EXEMPTION: 1024,
    UNLOCK: 1024,
    EMERGENCY: 1024,
    CONSENT: 1024,
    APPROVAL: 1024,
    SUSPENSION: 1024,
}
#: Values of one attribute; those not named here have one.
MOST = {TEMPLATE_KEY: 32, KEY_GROUP: 32, DELEGATION: 64}


def bounded(name: str, values: Iterable[bytes]) -> tuple[bytes, ...]:
    """These values of an attribute, none of them empty or too large, and not too many.

    :raises DirectoryError: ``oversize``, naming the attribute.
    """
    kept = tuple(values)
    most = MOST.get(name, 1)
    if len(kept) > most or not all(0 < len(value) <= LARGEST[name] for value in kept):
        raise DirectoryError(
            _("{name} may have {most} values of at most {bytes} bytes, and none that is empty.").format(
                name=name, most=most, bytes=LARGEST[name]
            ),
            reason="oversize",
        )
    return kept
