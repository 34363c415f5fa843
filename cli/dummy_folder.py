"""What `facectl dummy make` writes: photos, films, the HR directory, and a page that says what it all is."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.printing import progress
from faced.dummy.clip import Clip, clip, nobody
from faced.dummy.covering import Worn
from faced.dummy.identity import Identity
from faced.dummy.ldif import PEOPLE, hr_directory
from faced.dummy.motion import Act, Challenge
from faced.dummy.photo import encode_jpeg, id_photo
from faced.dummy.scene import DIM_LIGHT, DIM_WEBCAM, SIDE_LIGHT
from faced.dummy.species import Species, present
from faced.dummy.staff import StaffMember
from faced.i18n import _

_CLIP_SECONDS, _ATTACK_SECONDS, _SCENE_SECONDS = 5.0, 4.0, 2.0
_ACT_START_S = 1.5
#: Somebody who is not on any staff: the roster begins at 1000.
_STRANGER_SEED = 1


@dataclass(frozen=True)
class Film:
    """A film to be made: where, and how."""

    path: Path
    make: Callable[[], Clip]


def write(out: Path, members: list[StaffMember], films: list[Film], base: str, *, page: str) -> None:
    """Write everything, and ``page`` as README.md, into the folder ``out``, which need not exist."""
    photos: dict[str, bytes] = {}
    for folder in ("photos", *{film.path.parent.name for film in films}):
        (out / folder).mkdir(parents=True, exist_ok=True)
    with progress(len(members) + len(films), _("Dummy staff")) as step:
        for member in members:
            photos[member.login] = encode_jpeg(id_photo(member.identity()))
            (out / "photos" / f"{member.login}.jpg").write_bytes(photos[member.login])
            step()
        for film in films:
            film.make().save(film.path)
            step()
    (out / "hr.ldif").write_text("".join(hr_directory(members, photos, base)), encoding="ascii")
    with (out / "staff.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("login", "staff_number", "name", "mail", "category"))
        table.writerows((each.login, each.number, each.name, each.mail, each.category.value) for each in members)
    listing = json.dumps([described(member) for member in members], ensure_ascii=False, indent=1)
    (out / "staff.json").write_text(listing + "\n", encoding="utf-8")
    (out / "README.md").write_text(page, encoding="utf-8")


def clips_of(folder: Path, members: list[StaffMember], seed: int, fps: float) -> Iterator[Film]:
    """One clip a person, each obeying another challenge, and the first person in scenes that cannot be judged."""
    challenges = list(Challenge)
    for index, member in enumerate(members):
        act = Act(challenges[index % len(challenges)], _ACT_START_S)
        yield Film(folder / f"{member.login}.avi", _looking(member, seed, fps, act))
    first = members[0]
    for name, scene in _scenes(first, seed, fps).items():
        yield Film(folder / f"scene-{name}.avi", scene)


def _looking(member: StaffMember, seed: int, fps: float, act: Act) -> Callable[[], Clip]:
    return lambda: clip(member.identity(), seed, _CLIP_SECONDS, fps, acts=[act])


def _scenes(first: StaffMember, seed: int, fps: float) -> dict[str, Callable[[], Clip]]:
    seconds = _SCENE_SECONDS

    def identity() -> Identity:
        return first.identity()

    return {
        "nobody": lambda: nobody(seed, seconds, fps),
        "two-people": lambda: clip(identity(), seed, seconds, fps, beside=Identity(_STRANGER_SEED)),
        "glasses": lambda: clip(identity(), seed, seconds, fps, worn=Worn(glasses=True)),
        "mask": lambda: clip(identity(), seed, seconds, fps, worn=Worn(mask=True)),
        "hand": lambda: clip(identity(), seed, seconds, fps, worn=Worn(hand=True)),
        "glare": lambda: clip(identity(), seed, seconds, fps, worn=Worn(glare=0.9)),
        "dim": lambda: clip(identity(), seed, seconds, fps, light=DIM_LIGHT, sensor=DIM_WEBCAM),
        "side-light": lambda: clip(identity(), seed, seconds, fps, light=SIDE_LIGHT),
        "far": lambda: clip(identity(), seed, seconds, fps, distance_cm=140),
    }


def attacks_on(folder: Path, members: list[StaffMember], kinds: list[Species], seed: int, fps: float) -> Iterator[Film]:
    """Each kind on each person, another challenge asked for each time; the same one whichever kinds were chosen."""
    challenges = [challenge for challenge in Challenge if challenge is not Challenge.SMILE]
    turns = {kind: turn for turn, kind in enumerate(Species)}
    for index, member in enumerate(members):
        for kind in kinds:
            act = Act(challenges[(index + turns[kind]) % len(challenges)], _ACT_START_S)
            yield Film(folder / f"{member.login}-{kind}.avi", _attacking(member, kind, seed, fps, act))


def _attacking(member: StaffMember, kind: Species, seed: int, fps: float, act: Act) -> Callable[[], Clip]:
    return lambda: present(kind, member.identity(), seed, _ATTACK_SECONDS, fps, [act])


def described(member: StaffMember) -> dict[str, str | int]:
    """A person as in staff.json."""
    return {
        "number": member.number,
        "login": member.login,
        "name": member.name,
        "japanese_name": member.japanese_name,
        "kana_name": member.kana_name,
        "mail": member.mail,
        "category": member.category.value,
        "seed": member.seed,
    }


def _asked(kinds: list[Species]) -> str:
    """The options that lead to these attacks."""
    return " --attacks" if kinds == list(Species) else "".join(f" --species {kind}" for kind in kinds)


def readme(count: int, clips: bool, kinds: list[Species], seed: int, difficult: bool, fps: int, base: str) -> str:
    """What README.md in the folder says; the parameters are the command's."""
    command = f"facectl dummy make --out DIR --staff {count} --seed {seed} --fps {fps} --base {shlex.quote(base)}"
    command += " --clips" * clips + _asked(kinds) + " --difficult" * difficult
    contents = {
        "photos/LOGIN.jpg": _("ID photos, 480x600 pixels."),
        "hr.ldif": _(
            "The HR directory, {people}: inetOrgPerson with jpegPhoto. For an empty directory `slapadd -l hr.ldif` or "
            "`ldapadd -f hr.ldif`; where the base exists already, `ldapadd -c`."
        ).format(people=f"{PEOPLE},{base}"),
        "staff.csv": _("The same people as a staff list: `facectl sync check --source dir:DIR`."),
        "staff.json": _("The same people without photos, with the seed of each face."),
    }
    if clips:
        contents["clips/LOGIN.avi"] = _(
            "{seconds:.0f} seconds before a webcam, {fps} frames a second (set the camera's `fps` to the same), "
            "obeying one challenge. The .json beside it says what happens in it."
        ).format(seconds=_CLIP_SECONDS, fps=fps)
        contents["clips/scene-*.avi"] = _(
            "Nobody, two people, a mask, a hand, poor light, too far away: scenes that no logon may be decided on; "
            "and glasses with and without glare."
        )
    if kinds:
        contents["attacks/LOGIN-SPECIES.avi"] = _(
            "Prints, screens, films on a screen and a modelled head; whoever holds them does what is asked for as far "
            "as that can be done. They look like the person and must be refused, but films of the asked action and "
            "heads are not stopped. The .json beside it says what was asked for."
        )
    lines = [
        "# " + _("Dummy staff"),
        "",
        _("Nobody here exists. Faces, names and numbers were made by this command, which makes the same files again:"),
        "",
        f"    {command}",
        "",
        _("Error rates and thresholds must never be taken from them."),
        "",
        *(f"* `{name}`: {meaning}" for name, meaning in contents.items()),
    ]
    return "\n".join(lines) + "\n"
