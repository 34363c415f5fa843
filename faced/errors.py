"""The errors of faced.

Every error carries a ``reason``: a fixed token for the audit record and for programs. Its text is for people: it says
what happened and what to do next, and never contains a coordinate, a key, a password or a picture.
"""

from __future__ import annotations


class FacedError(Exception):
    """The base of all errors that faced raises on purpose.

    :param message: one or two sentences for a person, safe to show and to log.
    :param reason: overrides the token of the class where one class has several causes.
    """

    reason = "internal"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason


class ConfigError(FacedError):
    """The configuration file is missing, unreadable or says something impossible."""

    reason = "config"


class CameraUnavailable(FacedError):
    """No camera, a camera in use by another program, one that was unplugged or that is not allowed here."""

    reason = "camera_unavailable"


class PredictorError(FacedError):
    """The 68-point predictor file is missing or not one."""

    reason = "predictor"


class PhotoRefused(FacedError):
    """A photo that cannot be enrolled; ``reason`` is the gate that refused it."""

    reason = "photo"


class MetricError(FacedError):
    """The trained metric is missing, damaged or of another format."""

    reason = "metric"


class TemplateFormatError(FacedError):
    """Bytes that are not a face template of a known format."""

    reason = "template_format"


class TrustError(FacedError):
    """A statement, seal or key that must not be believed.

    ``reason`` says why; docs/architecture.md lists the tokens.
    """

    reason = "untrusted"


class DirectoryError(FacedError):
    """The directory answered with something that cannot be used."""

    reason = "directory"


class DirectoryUnavailable(DirectoryError):
    """No directory server could be reached and verified within the deadline."""

    reason = "directory_unavailable"


class AccountRefused(DirectoryUnavailable):
    """Servers answered, and none of them lets the account in that was to be used."""

    reason = "account_refused"


class NotInDirectory(DirectoryError):
    """There is no such entry."""

    reason = "not_in_directory"


class AmbiguousEntry(DirectoryError):
    """More than one entry answers to a name that must be unique."""

    reason = "ambiguous_entry"


class ProtocolError(FacedError):
    """A message on a local socket that is oversize, malformed or out of order."""

    reason = "protocol"


class NotAllowed(FacedError):
    """The caller may not ask this."""

    reason = "not_allowed"


class StateError(FacedError):
    """A file that must outlive a restart (try counter, serials, cache) cannot be read or written."""

    reason = "state"
