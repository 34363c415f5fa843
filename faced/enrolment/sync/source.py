"""Where the staff come from: what the configuration or the command line names."""

from __future__ import annotations

from pathlib import Path

from faced.config import Config
from faced.directory.personnel import LdapPersonnel, Personnel
from faced.enrolment.file_refusal import LIMITS
from faced.errors import ConfigError
from faced.i18n import _

_LDAP, _FOLDER = "ldap", "dir:"


def open_personnel(config: Config, spec: str | None = None) -> Personnel:
    """The personnel section's list; nothing is read as yet.

    :param spec: "ldap", or "dir:PATH"; None for the configured one.
    :raises ConfigError: neither, or the directory's part of the configuration is not complete.
    """
    spec = config.sync.source if spec is None else spec
    if spec == _LDAP:
        return LdapPersonnel.configured(config.personnel, most_photo_bytes=LIMITS.most_bytes)
    if spec.startswith(_FOLDER) and spec != _FOLDER:
        # It brings OpenCV, which a run over an unchanged directory does not need.
        from faced.enrolment.sync.folder import FolderPersonnel

        return FolderPersonnel(Path(spec.removeprefix(_FOLDER)))
    raise ConfigError(
        _(
            "'{spec}' is no source of staff: write 'ldap' for the configured directory, or dir:PATH for a folder."
        ).format(spec=spec)
    )
