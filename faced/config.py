"""The configuration: one TOML file, /etc/faced/faced.toml, checked in full before anything starts.

Unknown keys, wrong types and impossible values are errors: a mistyped security setting must not be ignored.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
import types
import typing
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faced.errors import ConfigError
from faced.i18n import _

DEFAULT_PATH = Path("/etc/faced/faced.toml")
#: What NIST SP 800-63B-4 allows in a row where no test laboratory has measured the detection of attacks.
HIGHEST_CEILING = 50
#: A revocation must reach a PC within a minute.
_LONGEST_POLL_S = 45.0
#: RFC 4512, attribute description.
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*(;[A-Za-z0-9-]+)*")
#: What Active Directory gives in one page.
_LARGEST_PAGE = 1000
_FACTOR = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PAM_MODULE = re.compile(r"pam_[A-Za-z0-9_]{1,60}")
#: SetCredential= in the units.
_ABSENT = b"absent"


@dataclass(frozen=True)
class RealmConfig:
    """Which realm this machine belongs to."""

    #: The realm statement, pinned when the host joined (or on the station when the realm was made).
    anchor: Path = Path("/etc/faced/realm.anchor")


@dataclass(frozen=True)
class HostConfig:
    """This workstation's own identity."""

    name: str = ""
    #: Host keys: handed over by systemd (see :func:`handed_over`), else this file (mode 0600).
    keys: Path = Path("/etc/faced/host.keys")


@dataclass(frozen=True)
class CameraConfig:
    """Which camera, and the format it must deliver."""

    #: "usb:046d:0825", "usb:046d:0825:SERIAL", "path:/dev/v4l/by-path/...", or in a dummy realm "clip:/file/or/folder".
    name: str = ""
    width: int = 640
    height: int = 480
    fps: int = 30


@dataclass(frozen=True)
class LandmarksConfig:
    """The 68-point predictor and how often it is asked."""

    #: Empty: the first of the well-known places where Debian's libdlib-data or the wheel put it.
    predictor: Path | None = None
    calls_per_frame: int = 10


@dataclass(frozen=True)
class ExemptService:
    """A PAM service that may pass without a face: root-owned policy, by name, audited at every use."""

    service: str
    #: Only when the person who started it is this uid; None for anybody.
    real_uid: int | None = 0


@dataclass(frozen=True)
class FactorModule:
    """A PAM module that asks for a factor, without ``.so``, beside those that faced knows."""

    factor: str
    module: str


@dataclass(frozen=True)
class LogonConfig:
    """Deadlines in seconds and limits of one attempt (design.md, section 3)."""

    begin_timeout_s: float = 15.0
    warm_up_s: float = 2.0
    no_face_timeout_s: float = 8.0
    attempt_timeout_s: float = 12.0
    #: Judged tries per user and host before the delay begins.
    tries: int = 3
    #: Judged failures in a row, per user and host, after which the face step is locked until an unlock.
    ceiling: int = 10
    #: The false match rates the decision is set for, of those the metric was calibrated at: for people who are known
    #: from an ID photo alone, and for those who were enrolled at a camera too.
    fmr: float = 0.01
    fmr_confirmed: float = 0.001
    exempt: tuple[ExemptService, ...] = (ExemptService("su"), ExemptService("cron"))
    #: What a signed exemption may name in place of a face: factors that this PC's PAM stacks require of everybody.
    other_factors: tuple[str, ...] = ()
    factor_modules: tuple[FactorModule, ...] = ()
    #: The daemon ends when nobody has logged on for so long, if systemd holds its sockets; 0: never.
    idle_exit_s: float = 300.0


@dataclass(frozen=True)
class LivenessConfig:
    """What a face that matched must do to show that it lives."""

    #: Actions that are asked for, 1 or 2.
    challenges: int = 1
    #: PAM services that show no text: nothing can be asked for, natural motion must be enough.
    silent: tuple[str, ...] = ("i3lock", "i3lock-color", "xsecurelock", "swaylock", "slock")
    #: Whether those services are refused instead.
    refuse_silent: bool = False
    #: Whether signs of a screen or a print around the face deny.
    deny_cues: bool = True


@dataclass(frozen=True)
class EmergencyConfig:
    """The emergency way in where a computer is cut off."""

    #: PAM services that can show a second prompt and may ask for a code.
    services: tuple[str, ...] = ("login", "lightdm")


@dataclass(frozen=True)
class DirectoryConfig:
    """The intranet directory. ldaps://, or ldap:// which always means StartTLS before any bind."""

    servers: tuple[str, ...] = ()
    base: str = ""
    #: The entry above the people where they live on an existing tree; empty: ou=people below base.
    people_base: str = ""
    ca_file: Path = Path("/etc/faced/directory-ca.pem")
    bind_dn: str = ""
    #: Handed over by systemd (see :func:`handed_over`), else this file (mode 0600).
    password: Path = Path("/etc/faced/directory.password")
    timeout_s: float = 2.0
    refresh_s: int = 900
    #: At most so long between two looks at the realm's manifest, which is how a revocation arrives.
    poll_s: float = 30.0
    cache_days: int = 14


@dataclass(frozen=True)
class AttributesConfig:
    """What the personnel section's directory calls what we read; "" for what it does not have."""

    login: str = "uid"
    staff_number: str = "employeeNumber"
    name: str = "cn"
    mail: str = "mail"
    category: str = "employeeType"
    photo: str = "jpegPhoto"
    #: First and last day of the employment.
    starts: str = ""
    ends: str = ""


@dataclass(frozen=True)
class PersonnelConfig:
    """The personnel section's directory, which is only read. ldaps://, or ldap:// which always means StartTLS."""

    servers: tuple[str, ...] = ()
    base: str = ""
    filter: str = "(objectClass=inetOrgPerson)"
    bind_dn: str = ""
    #: Handed over by systemd (see :func:`handed_over`), else this file (mode 0600).
    password: Path = Path("/etc/faced/personnel.password")
    ca_file: Path = Path("/etc/faced/personnel-ca.pem")
    #: For one page of the list or one photo.
    timeout_s: float = 10.0
    page_size: int = 250
    attributes: AttributesConfig = field(default_factory=AttributesConfig)


@dataclass(frozen=True)
class CategoriesConfig:
    """The values of the category that we know. Whoever has another is not enrolled."""

    staff: tuple[str, ...] = (
        *("regular", "reappointed", "re-appointed", "reemployed", "re-employed"),
        *("正規", "再任用", "再雇用"),
    )
    #: Who needs an approval and their own consent.
    by_consent: tuple[str, ...] = ("part-time", "temporary", "dispatched", "非常勤", "臨時", "派遣")


#: However large a share of the staff a site lets a run change unapproved.
_MOST_PERCENT = 20
#: What a synchronisation does about a person (:class:`faced.enrolment.sync.plan.Step`) and a timer may do; whom it
#: suspended, only a handler lets in again (decision 0047).
SYNC_STEPS = ("enrol", "renew", "describe", "suspend", "erase")


@dataclass(frozen=True)
class SyncConfig:
    """How the directory follows the personnel section."""

    #: "ldap" for the directory under [personnel], or "dir:/path": a staff list and photos.
    source: str = "ldap"
    categories: CategoriesConfig = field(default_factory=CategoriesConfig)
    #: The key group of people who have none yet.
    group: str = "default"
    #: Between the suspension of a leaver and the erasure of the face data.
    grace_days: int = 30
    #: People whom the personnel section does not have, and who stay all the same: login names.
    keep: tuple[str, ...] = ()
    #: What a timer may do by itself; the rest waits for a handler.
    unattended: tuple[str, ...] = SYNC_STEPS
    #: A run that would suspend or erase more people than this, and than this share of those who are enrolled, stops
    #: before it writes anything, unless its plan was approved; and so for changing and enrolling.
    most_removals: int = 10
    most_removals_percent: float = 1.0
    most_changes: int = 10
    most_changes_percent: float = 5.0


@dataclass(frozen=True)
class SocketsConfig:
    """Where the daemons listen when systemd does not hand them a socket."""

    logon: Path = Path("/run/faced/logon")
    status: Path = Path("/run/faced/status")
    directory: Path = Path("/run/faced/directory")


@dataclass(frozen=True)
class StateConfig:
    """Folders that outlive a restart; $STATE_DIRECTORY of the unit wins over these."""

    logon: Path = Path("/var/lib/faced")
    directory: Path = Path("/var/lib/faced-directory")


@dataclass(frozen=True)
class StationConfig:
    """The authority station: keys of handlers, and the directory accounts of the roles."""

    path: Path = Path("/var/lib/faced-station")


@dataclass(frozen=True)
class Config:
    """The whole configuration; every section has defaults that are safe to run with."""

    language: str = ""
    realm: RealmConfig = field(default_factory=RealmConfig)
    host: HostConfig = field(default_factory=HostConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    landmarks: LandmarksConfig = field(default_factory=LandmarksConfig)
    logon: LogonConfig = field(default_factory=LogonConfig)
    liveness: LivenessConfig = field(default_factory=LivenessConfig)
    emergency: EmergencyConfig = field(default_factory=EmergencyConfig)
    directory: DirectoryConfig = field(default_factory=DirectoryConfig)
    personnel: PersonnelConfig = field(default_factory=PersonnelConfig)
    sync: SyncConfig = field(default_factory=SyncConfig)
    sockets: SocketsConfig = field(default_factory=SocketsConfig)
    state: StateConfig = field(default_factory=StateConfig)
    station: StationConfig = field(default_factory=StationConfig)


def category_key(text: str) -> str:
    """A category as it is compared: without regard to case, to the width of characters and to spaces around it."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def sealed_path(path: Path) -> Path:
    """Where the encrypted systemd credential of a secret lies: beside its plain file, which is not there then."""
    return path.with_name(f"{path.name}.cred")


def handed_over(path: Path, environ: Mapping[str, str]) -> Path | None:
    """The secret of this path as systemd handed it over: what was sealed, else the plain file; None if it did not.

    The units load both and put a word in the place of the one that is not there (systemd takes no empty value).
    """
    folder = environ.get("CREDENTIALS_DIRECTORY")
    found = (Path(folder, name) for name in (sealed_path(path).name, path.name)) if folder else ()
    return next((each for each in found if each.exists() and each.read_bytes() != _ABSENT), None)


def load(path: Path | None = None) -> Config:
    """Read and check the configuration.

    :param path: the file; None means $FACED_CONFIG, else :data:`DEFAULT_PATH`.
    :raises ConfigError: naming the file, the key and what is expected.
    """
    path = path or Path(os.environ.get("FACED_CONFIG") or DEFAULT_PATH)
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except FileNotFoundError:
        raise ConfigError(
            _("There is no configuration file {path}. Copy the example from etc/faced.toml.").format(path=path)
        ) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("The configuration file {path} cannot be read: {why}").format(path=path, why=error)
        ) from None
    return parse(document, str(path))


def parse(document: dict[str, Any], origin: str = "configuration") -> Config:
    """Check an already parsed TOML document.

    :raises ConfigError: as :func:`load`.
    """
    config: Config = _section(Config, document, origin)
    _check(config, origin)
    return config


def _section(kind: type[Any], values: Any, where: str) -> Any:
    if not isinstance(values, dict):
        raise ConfigError(_("{where}: expected a table.").format(where=where))
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise ConfigError(
            _("{where}: unknown key {key!r}. Known are: {known}.").format(
                where=where, key=unknown[0], known=", ".join(sorted(hints))
            )
        )
    missing = [f.name for f in dataclasses.fields(kind) if f.name not in values and _required(f)]
    if missing:
        raise ConfigError(_("{where}: the key {key!r} is missing.").format(where=where, key=missing[0]))
    return kind(**{key: _value(hints[key], value, f"{where}: {key}") for key, value in values.items()})


def _required(entry: dataclasses.Field[Any]) -> bool:
    return entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _section(typing.cast("type[Any]", hint), value, where)
    origin = typing.get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list):
            raise ConfigError(_("{where}: expected a list.").format(where=where))
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is types.UnionType:
        hint = next(arm for arm in typing.get_args(hint) if arm is not type(None))
    if hint is Path and isinstance(value, str) and value:
        return Path(value)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if hint is str and isinstance(value, str):
        return value
    raise ConfigError(_("{where}: expected {kind}.").format(where=where, kind=getattr(hint, "__name__", hint)))


def _check(config: Config, where: str) -> None:
    positive = {
        "camera: width": config.camera.width,
        "camera: height": config.camera.height,
        "camera: fps": config.camera.fps,
        "landmarks: calls_per_frame": config.landmarks.calls_per_frame,
        "logon: begin_timeout_s": config.logon.begin_timeout_s,
        "logon: warm_up_s": config.logon.warm_up_s,
        "logon: no_face_timeout_s": config.logon.no_face_timeout_s,
        "logon: attempt_timeout_s": config.logon.attempt_timeout_s,
        "logon: tries": config.logon.tries,
        "directory: timeout_s": config.directory.timeout_s,
        "directory: refresh_s": config.directory.refresh_s,
        "directory: poll_s": config.directory.poll_s,
        "directory: cache_days": config.directory.cache_days,
        "personnel: timeout_s": config.personnel.timeout_s,
        "personnel: page_size": config.personnel.page_size,
    }
    for key, value in positive.items():
        if not 0 < value < float("inf"):
            raise ConfigError(_("{where}: {key}: must be more than 0.").format(where=where, key=key))
    if config.directory.poll_s > _LONGEST_POLL_S:
        raise ConfigError(
            _("{where}: directory: poll_s: at most {most}, or a revoked computer would not hear of it in time.").format(
                where=where, most=_LONGEST_POLL_S
            )
        )
    if config.language not in ("", "ja", "en"):
        raise ConfigError(_("{where}: language: must be 'ja' or 'en'.").format(where=where))
    for key, rate in (("fmr", config.logon.fmr), ("fmr_confirmed", config.logon.fmr_confirmed)):
        if not 0 < rate <= 0.01:
            text = _("{where}: logon: {key}: must be above 0 and at most 0.01 (one in a hundred).")
            raise ConfigError(text.format(where=where, key=key))
    if not 0 <= config.logon.idle_exit_s < float("inf"):
        raise ConfigError(_("{where}: logon: idle_exit_s: must be 0 or more.").format(where=where))
    if not config.logon.tries <= config.logon.ceiling <= HIGHEST_CEILING:
        text = _("{where}: logon: ceiling: must be from {tries} (the tries) to {most}.")
        raise ConfigError(text.format(where=where, tries=config.logon.tries, most=HIGHEST_CEILING))
    for word in (*config.logon.other_factors, *(added.factor for added in config.logon.factor_modules)):
        if not _FACTOR.fullmatch(word):
            text = _("{where}: logon: the factor {word!r} must be one word: a-z, 0-9 and _.")
            raise ConfigError(text.format(where=where, word=word))
    for added in config.logon.factor_modules:
        if not _PAM_MODULE.fullmatch(added.module):
            text = _("{where}: logon: factor_modules: {module!r} must be a module's name without path and .so.")
            raise ConfigError(text.format(where=where, module=added.module))
    if config.liveness.challenges not in (1, 2):
        raise ConfigError(_("{where}: liveness: challenges: must be 1 or 2.").format(where=where))
    for section, servers in (("directory", config.directory.servers), ("personnel", config.personnel.servers)):
        for server in servers:
            if not server.startswith(("ldaps://", "ldap://")):
                raise ConfigError(
                    _("{where}: {section}: servers: {server!r} must begin with ldaps:// or ldap://.").format(
                        where=where, section=section, server=server
                    )
                )
    _check_personnel(config.personnel, where)
    _check_sync(config.sync, where)


def _check_personnel(personnel: PersonnelConfig, where: str) -> None:
    if personnel.page_size > _LARGEST_PAGE:
        raise ConfigError(_("{where}: personnel: page_size: at most {most}.").format(where=where, most=_LARGEST_PAGE))
    may_be_absent = {"mail", "starts", "ends"}
    for key, name in dataclasses.asdict(personnel.attributes).items():
        if not (_ATTRIBUTE.fullmatch(name) or (not name and key in may_be_absent)):
            raise ConfigError(
                _("{where}: personnel: attributes: {key}: {name!r} is not the name of an attribute.").format(
                    where=where, key=key, name=name
                )
            )


def _check_sync(sync: SyncConfig, where: str) -> None:
    least = {"grace_days": 1, "most_removals": 0, "most_changes": 0}
    for key, low in least.items():
        if getattr(sync, key) < low:
            raise ConfigError(_("{where}: sync: {key}: must be {low} or more.").format(where=where, key=key, low=low))
    for key in ("most_removals_percent", "most_changes_percent"):
        if not 0 <= getattr(sync, key) <= _MOST_PERCENT:
            raise ConfigError(
                _("{where}: sync: {key}: must be from 0 to {most}: more is approved run by run.").format(
                    where=where, key=key, most=_MOST_PERCENT
                )
            )
    if unknown := sorted(set(sync.unattended) - set(SYNC_STEPS)):
        raise ConfigError(
            _("{where}: sync: unattended: unknown step {step!r}. Known are: {known}.").format(
                where=where, step=unknown[0], known=", ".join(SYNC_STEPS)
            )
        )
    if sync.source != "ldap" and not sync.source.startswith("dir:/"):
        raise ConfigError(_("{where}: sync: source: must be 'ldap' or 'dir:/path'.").format(where=where))
    staff, by_consent = (
        {category_key(value) for value in values} for values in (sync.categories.staff, sync.categories.by_consent)
    )
    if "" in staff | by_consent:
        raise ConfigError(_("{where}: sync: categories: a category cannot be empty.").format(where=where))
    if both := sorted(staff & by_consent):
        raise ConfigError(
            _("{where}: sync: categories: {category!r} is under both staff and by_consent.").format(
                where=where, category=both[0]
            )
        )
