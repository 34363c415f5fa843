"""`facectl enroll`: one person from a photo or at the camera, or many people from a folder of photos."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.calibration import calibrate_site
from cli.exit_codes import ExitCode
from cli.passphrase import passphrase_file_option
from cli.printing import dry_run_option, json_option, plain, print_json, print_table, progress, reason_option
from cli.run import Run, pass_run
from cli.station import Desk, open_desk, station_option
from faced.enrolment.acts import Act
from faced.enrolment.fiscal_year import end_of, last_day
from faced.enrolment.founding import DEFAULT_GROUP
from faced.enrolment.person import PersonDetails, check_login
from faced.enrolment.register import Register, concerns_one_person
from faced.enrolment.staff_list import read_staff_list
from faced.errors import DirectoryError, FacedError
from faced.i18n import _
from faced.trust.purpose import require_purpose
from faced.trust.realm import Role
from faced.trust.sealed import Basis, Provenance, TemplateHeader

if TYPE_CHECKING:
    from faced.enrolment.photo_reader import PhotoResult
    from faced.landmarks.predictor import Predictor
    from faced.recognition.template import FaceTemplate


@click.command(
    help=_(
        "Make the face data of USER from a photo (--photo FILE), at this computer's camera (--camera) or, best, from "
        "both, sealed so that only the PCs of the person's key groups can open them. They take the place of any "
        "earlier ones. The picture itself is kept nowhere.\n\n"
        "With --photos DIR: everybody of whom there is a photo in the folder. Files are named by login name or staff "
        "number; people who are not in the directory yet are taken from the staff list (--staff-list FILE)."
    )
)
@click.argument("user", required=False)
@click.option("--photo", type=click.Path(path_type=Path), metavar="FILE", help=_("A JPEG, PNG or HEIC file."))
@click.option("--photos", type=click.Path(path_type=Path), metavar="DIR", help=_("A folder of such files."))
@click.option(
    "--staff-list",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("A CSV table with the columns login, staff_number, name, mail, groups; for --photos."),
)
@click.option("--camera", is_flag=True, help=_("Enrol at the camera, under supervision."))
@click.option("--staff-number", metavar="N", help=_("For somebody who is not in the directory yet."))
@click.option("--name", metavar="NAME", help=_("The person's name, for the same case."))
@click.option("--mail", metavar="MAIL", help=_("The mail address, for the same case."))
@click.option("--group", "groups", multiple=True, metavar="GROUP", help=_("A key group; may be repeated."))
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("The last day of use; otherwise as long as the purpose is renewed, three years at most."),
)
@click.option(
    "--basis",
    type=click.Choice([basis.value for basis in Basis]),
    default=Basis.STAFF.value,
    show_default=True,
    help=_("consent: not regular staff; approval and consent must be recorded, and every PC asks for both."),
)
@click.option("--replace", is_flag=True, help=_("Let a photo take the place of face data made at the camera."))
@click.option(
    "--calibrate/--no-calibrate",
    default=True,
    help=_("With --photos: set the threshold for the people of this site, if they are enough."),
)
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def enroll(
    run: Run,
    user: str | None,
    photo: Path | None,
    photos: Path | None,
    staff_list: Path | None,
    camera: bool,
    staff_number: str | None,
    name: str | None,
    mail: str | None,
    groups: tuple[str, ...],
    until: datetime | None,
    basis: str,
    replace: bool,
    calibrate: bool,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """One source of pictures, one or many people."""
    if (photos is not None) == (photo is not None or camera) or (user is None) != (photos is not None):
        raise click.UsageError(_("Name USER and --photo, --camera or both; or only --photos."))
    if photos is not None and (staff_number or name or mail):
        raise click.UsageError(_("--staff-number, --name and --mail are for one person, not for --photos."))
    if staff_list is not None and photos is None:
        raise click.UsageError(_("--staff-list is for --photos."))
    not_after = end_of(until.date()) if until is not None else None
    if user is not None:
        check_login(user)
    listed = read_staff_list(staff_list, groups or (DEFAULT_GROUP,)) if staff_list is not None else {}
    desk = open_desk(run, station_path, Role.ENROL, passphrase_file)
    manifest = None
    if photos is not None and calibrate and not dry_run:
        manifest = open_desk(run, station_path, Role.MANIFEST, passphrase_file)
    bench = Bench(desk, reason, groups, not_after, Basis(basis), replace, dry_run, manifest)
    if photos is not None:
        return bench.many(photos, listed, as_json)
    assert user is not None  # noqa: S101 - checked above
    return bench.one(user, photo, camera, {"staff_number": staff_number, "name": name, "mail": mail}, as_json)


class Bench:
    """The enrolment role with everything that is the same for all people of one run."""

    def __init__(
        self,
        desk: Desk,
        reason: str,
        groups: tuple[str, ...],
        not_after: int | None,
        basis: Basis,
        replace: bool,
        dry_run: bool,
        manifest: Desk | None,
    ) -> None:
        """
        :param manifest: the desk that issues manifests, if the site is to be calibrated afterwards.
        """
        self._desk = desk
        self._reason = reason
        self._groups = tuple(dict.fromkeys(groups))
        self._not_after = not_after
        self._basis = basis
        self._replace = replace
        self._dry_run = dry_run
        self._manifest = manifest

    def one(self, user: str, photo: Path | None, camera: bool, given: dict[str, str | None], as_json: bool) -> ExitCode:
        """One person; refusals are errors."""
        with self._desk.connect() as connection:
            # Known mistakes first: nobody sits down before a camera for a mistyped staff number.
            register = self._register(connection)
            require_purpose(register.verifier)
            details = self._details(register, user, given)
            register.check(details, self._basis)
        face, predictor = self._face(photo, camera)
        with self._desk.connect() as connection:
            header = self._enrol(self._register(connection), details, face, predictor)
        if as_json:
            print_json(self._json_of(details, header))
        elif header is None:
            click.echo(_("Would enrol {login} ({name}).").format(login=user, name=details.name))
        else:
            click.echo(
                _("{login} ({name}) is enrolled until {day}.").format(
                    login=user, name=details.name, day=last_day(header.expires(self._desk.run.now))
                )
            )
        return ExitCode.DONE

    def many(self, folder: Path, listed: dict[str, PersonDetails], as_json: bool) -> ExitCode:
        """Everybody in a folder; refusals are counted and listed, and stop nobody else."""
        from faced.enrolment.likeness import template_of_photo
        from faced.enrolment.photo import pictures

        files = pictures(folder)
        logins = {person.staff_number: login for login, person in listed.items()} | {login: login for login in listed}
        enrolled: list[dict[str, Any]] = []
        refused: list[dict[str, str]] = []
        faces: dict[str, FaceTemplate] = {}
        with (
            closing(self._looked_at(files)) as looked_at,
            self._desk.connect() as connection,
            progress(len(files), _("Enrolling")) as step,
        ):
            register = self._register(connection)
            require_purpose(register.verifier)
            for file, (result, predictor) in zip(files, looked_at, strict=True):
                try:
                    user = logins.get(file.stem) or self._login_for(register, file.stem)
                    if user in faces:
                        raise DirectoryError(
                            _("There is another photo of {login} in the folder. Keep one.").format(login=user),
                            reason="second_photo",
                        )
                    details = listed.get(user) or self._details(register, user, {})
                    face = template_of_photo(result.usable(), self._desk.run.now)
                    enrolled.append(self._json_of(details, self._enrol(register, details, face, predictor)))
                    faces[user] = face
                except FacedError as error:
                    if not concerns_one_person(error):
                        click.echo(_("Stopped after {count} people.").format(count=len(enrolled)), err=True)
                        raise
                    refused.append({"file": plain(file.name), "reason": error.reason, "text": plain(str(error))})
                step()
        self._print_many(enrolled, refused, self._calibrated(list(faces.values())), as_json)
        return ExitCode.REFUSED if refused else ExitCode.DONE

    def _print_many(
        self, enrolled: list[dict[str, Any]], refused: list[dict[str, str]], calibrated: int, as_json: bool
    ) -> None:
        if as_json:
            summary = {"enrolled": enrolled, "refused": refused, "calibrated_over": calibrated}
            print_json({**summary, "dry_run": self._dry_run})
            return
        if refused:
            print_table([_("File"), _("Why not")], [(entry["file"], entry["text"]) for entry in refused])
            click.echo()
        text = (
            _("Would enrol {enrolled} people; {refused} photos refused.")
            if self._dry_run
            else _("Enrolled {enrolled} people; {refused} photos refused.")
        )
        click.echo(text.format(enrolled=len(enrolled), refused=len(refused)))
        if calibrated:
            click.echo(_("The threshold is set for this site now, over {count} people.").format(count=calibrated))

    def _calibrated(self, faces: list[FaceTemplate]) -> int:
        return calibrate_site(self._desk, self._manifest, faces, self._reason) if self._manifest is not None else 0

    def _register(self, connection: Any) -> Register:
        return Register(connection, self._desk.tree, self._desk.station.verifier(self._desk.run.now), self._desk.key)

    def _login_for(self, register: Register, stem: str) -> str:
        """The person a file is named after: a login name, else a staff number."""
        login = stem if register.find(stem) is not None else register.login_of(stem)
        if login is None:
            raise DirectoryError(
                _("Nobody in the directory has the login name or staff number '{name}'.").format(name=stem),
                reason="not_in_directory",
            )
        return check_login(login)

    def _details(self, register: Register, user: str, given: dict[str, str | None]) -> PersonDetails:
        """What is known of the person, with what was given on the command line in its place."""
        person = register.find(user)
        # Who was erased starts anew.
        known = person if person is not None and person.described else None
        held = {
            "staff_number": known.staff_number if known else "",
            "name": known.name if known else "",
            "mail": known.mail if known else "",
        }
        details = {key: value if (value := given.get(key)) is not None else held[key] for key in held}
        if known is None and not (details["staff_number"] and details["name"]):
            raise DirectoryError(
                _("{login} is not in the directory, or was erased. Give --staff-number and --name.").format(login=user),
                reason="not_in_directory",
            )
        groups = self._groups or (person.groups if person else ()) or (DEFAULT_GROUP,)
        return PersonDetails(user, details["staff_number"], details["name"], details["mail"], groups)

    def _enrol(
        self, register: Register, details: PersonDetails, face: FaceTemplate, predictor: bytes
    ) -> TemplateHeader | None:
        if self._dry_run:
            register.check(details, self._basis)
            return None
        with self._desk.recorded(Act.ENROL, details.login, self._reason):
            return register.enrol(
                details,
                face,
                predictor=predictor,
                not_after=self._not_after,
                replace_confirmed=self._replace,
                provenance=Provenance(basis=self._basis),
            )

    def _json_of(self, details: PersonDetails, header: TemplateHeader | None) -> dict[str, Any]:
        return {
            "login": details.login,
            "staff_number": details.staff_number,
            "groups": list(details.groups),
            "serial": header.serial if header is not None else None,
            "until": last_day(header.expires(self._desk.run.now)).isoformat() if header is not None else None,
        }

    def _face(self, photo: Path | None, camera: bool) -> tuple[FaceTemplate, bytes]:
        """The template of one person, and the id of the predictor that it was made with."""
        # dlib and its 100 MB file are loaded only when everything else is in order.
        from faced.enrolment.calibrating import calibration_in_force
        from faced.enrolment.likeness import template_of_both, template_of_photo
        from faced.landmarks.predictor import Predictor

        of_photo = None
        if photo is not None:
            ((result, identity),) = self._looked_at([photo])
            of_photo = template_of_photo(result.usable(), self._desk.run.now)
            if not camera:
                return of_photo, identity
        predictor = Predictor.load(self._desk.run.predictor)
        of_sitting = self._from_camera(predictor)
        if of_photo is None:
            return of_sitting, predictor.id
        site = calibration_in_force(self._desk.station.verifier(self._desk.run.now))
        return template_of_both(of_photo, of_sitting, site), predictor.id

    def _looked_at(self, files: Sequence[Path]) -> Generator[tuple[PhotoResult, bytes], None, None]:
        """What the photos show, in their order, and the id of the predictor."""
        from faced.enrolment.photo_reader import PhotoReader

        if not files:
            return
        with PhotoReader(self._desk.run.predictor, None if len(files) > 1 else 1) as reader:
            for result in reader.read((file.name, file) for file in files):
                yield result, reader.predictor_id

    def _from_camera(self, predictor: Predictor) -> FaceTemplate:
        from cli.live_line import sitting_guide
        from faced.camera.choose import open_camera
        from faced.enrolment.likeness import template_of_sitting
        from faced.landmarks.observe import Observer

        config = self._desk.run.config
        observer = Observer(predictor, calls=config.landmarks.calls_per_frame)
        allow_virtual = self._desk.station.realm.dummy
        with open_camera(config.camera, allow_virtual=allow_virtual) as camera, sitting_guide() as guide:
            return template_of_sitting(observer, camera, self._desk.run.now, guide=guide)
