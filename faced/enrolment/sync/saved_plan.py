"""A plan in a file: to be looked at, approved, and carried out as it was or not at all.

JSON; the changes with what makes them these and no others. Digests are the station's own and tell nobody anything.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from faced.enrolment.station import replace_file
from faced.enrolment.sync.plan import Plan, Signature, Step, id_of
from faced.errors import StateError
from faced.i18n import _

_VERSION = 1
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class SavedPlan:
    """``enrolled``: how many people had a template that held when it was made."""

    changes: tuple[Signature, ...]
    enrolled: int

    @property
    def id(self) -> str:
        """The name of exactly these changes; that of the plan they were saved from."""
        return id_of(self.changes)

    def count(self, step: Step) -> int:
        """How many people it is done about."""
        return sum(change[0] == step.value for change in self.changes)


@dataclass(frozen=True)
class Difference:
    """How a plan of now differs from a saved one: step, login name and why of each change; empty if it does not."""

    gone: tuple[tuple[str, str, str], ...]
    new: tuple[tuple[str, str, str], ...]


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan.

    :raises StateError: it cannot be written.
    """
    document = {
        "version": _VERSION,
        "enrolled": plan.enrolled,
        "changes": [list(change.signature) for change in plan.changes],
    }
    replace_file(path, json.dumps(document, ensure_ascii=False, indent=1).encode())


def read_plan(path: Path) -> SavedPlan:
    """A plan that was saved.

    :raises StateError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
        match json.loads(data):
            case {"version": 1, "enrolled": int() as enrolled, "changes": list() as changes, **rest} if not rest:
                return SavedPlan(tuple(_signature(change) for change in changes), enrolled)
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    except (ValueError, RecursionError):
        pass
    raise StateError(_("{path} is no plan. Make one with 'facectl sync plan --save FILE'.").format(path=path))


def difference(saved: SavedPlan, plan: Plan) -> Difference:
    """What changed since a plan was saved."""
    then, now = Counter(saved.changes), Counter(change.signature for change in plan.changes)
    return Difference(
        tuple(signature[:3] for signature in (then - now).elements()),
        tuple(signature[:3] for signature in (now - then).elements()),
    )


def _signature(change: object) -> Signature:
    match change:
        case [str() as step, str() as login, str() as why, str() as number, str() as photo, str() as revision] if (
            step in set(Step)
        ):
            return (step, login, why, number, photo, revision)
    raise ValueError("not a change")
