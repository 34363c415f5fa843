"""Another factor in place of the face: which it may be on this PC, and whether a service makes sure of it.

PAM does not tell a module what the others said. What can be known is the stack: if it lets nobody in unless the module
of that factor has said success, then whoever it lets in has shown the factor, whatever faced answers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from faced.config import LogonConfig
from faced.logon import pam_stack
from faced.logon.pam_stack import Fault, Line
from faced.logon.policy import FACE_CHECK

logger = logging.getLogger(__name__)

#: The reason for the audit: an exemption names a factor that this PC, or the service, does not make sure of.
NO_SUCH_FACTOR = "no_such_factor"
_SMARTCARD = frozenset({"pam_pkcs11", "pam_p11"})
#: Whose success shows which factor; root can add to it ([[logon.factor_modules]]).
KNOWN: Mapping[str, frozenset[str]] = {
    "token": frozenset({"pam_u2f", "pam_yubico", "pam_oath", "pam_google_authenticator", *_SMARTCARD}),
    "smartcard": _SMARTCARD,
}
#: Modules that show no other factor, whatever a configuration says.
_NEVER = pam_stack.PASSWORD_MODULES | {pam_stack.OURS, "pam_permit", "pam_rootok"}
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_ONE_FACTOR = {Fault.NO_PASSWORD, Fault.WRONG_PASSWORD_REACHES_FACE}


def reason(factor: str) -> str:
    """What the audit says of somebody whom this factor let in."""
    return f"other_factor:{factor}"


@dataclass(frozen=True)
class OtherFactors:
    """The factors that root has named on this PC, and the services in ``folder``."""

    config: LogonConfig
    folder: Path = pam_stack.FOLDER

    def is_named(self, factor: str) -> bool:
        """Whether this PC knows the factor at all."""
        return factor in self.config.other_factors

    def modules(self, factor: str) -> frozenset[str]:
        """The PAM modules that ask for a factor."""
        added = {added.module for added in self.config.factor_modules if added.factor == factor}
        return (KNOWN.get(factor, frozenset()) | added) - _NEVER

    def is_required(self, stack: tuple[Line, ...], factor: str) -> bool:
        """Whether a stack lets nobody past our line in without this factor."""
        modules = self.modules(factor)
        return bool(modules) and pam_stack.makes_sure_of(stack, modules)

    def stands_in(self, service: str, factor: str) -> bool:
        """Whether this factor takes the place of the face at a service, as its files are now: with the password, and
        never where it is the face itself that is asked for.
        """
        if not self.is_named(factor) or service == FACE_CHECK or not _SERVICE.fullmatch(service):
            return False
        try:
            stack = pam_stack.read(service, self.folder)
        except OSError as error:
            logger.warning("The PAM service %s cannot be read: %s.", service, error.strerror)
            return False
        return self.is_required(stack, factor) and not _ONE_FACTOR.intersection(pam_stack.faults(stack))
