"""What no run may do by itself, however right each single change is: a department is not erased by accident.

A run over a limit stops before its first write. A handler who approves such a batch names exactly this plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from faced.enrolment.sync.plan import Plan, Step
from faced.errors import NotAllowed
from faced.i18n import _


@dataclass(frozen=True)
class Limits:
    """A run may take away, and may change, so many people, or this share of those who are enrolled if that is more."""

    removals: int = 10
    removed_share: float = 0.01
    changes: int = 10
    changed_share: float = 0.05
    #: A source with fewer people than this share of those who are enrolled was cut off, whatever it says.
    least_share: float = 0.5


def check_source(plan: Plan, limits: Limits) -> None:
    """Refuse a source that cannot be the whole staff; nobody can approve that.

    :raises NotAllowed: ``source_empty``, ``source_truncated``.
    """
    if not plan.records:
        raise NotAllowed(
            _("The personnel section's source has nobody. Nothing was changed. Check its base and filter."),
            reason="source_empty",
        )
    if plan.records < plan.enrolled * limits.least_share:
        raise NotAllowed(
            _(
                "The personnel section's source has {records} people, but {enrolled} are enrolled. It was cut off. "
                "Nothing was changed. Check its filter, and the size limit of its server."
            ).format(records=plan.records, enrolled=plan.enrolled),
            reason="source_truncated",
        )


def check_limits(plan: Plan, limits: Limits) -> None:
    """Refuse more than a run may do unapproved.

    :raises NotAllowed: ``first_run``, ``too_many_removals``, ``too_many_changes``.
    """
    others = len(plan.changes) - plan.removals
    if not plan.enrolled:
        if plan.count(Step.ENROL):
            raise NotAllowed(
                _(
                    "Nobody is enrolled yet, and {count} people would be. Nothing was changed. Look at the plan, and "
                    "have it approved: facectl sync plan --save FILE, then facectl sync approve FILE"
                ).format(count=plan.count(Step.ENROL)),
                reason="first_run",
            )
        return
    if plan.removals > _most(plan.enrolled, limits.removals, limits.removed_share):
        raise NotAllowed(
            _(
                "{count} of {enrolled} people would be suspended or erased. Nothing was changed. If that is right, "
                "have the plan approved: facectl sync plan --save FILE, then facectl sync approve FILE"
            ).format(count=plan.removals, enrolled=plan.enrolled),
            reason="too_many_removals",
        )
    if others > _most(plan.enrolled, limits.changes, limits.changed_share):
        raise NotAllowed(
            _(
                "{count} people would be enrolled or changed, {enrolled} are enrolled. Nothing was changed. If that is "
                "right, have the plan approved: facectl sync plan --save FILE, then facectl sync approve FILE"
            ).format(count=others, enrolled=plan.enrolled),
            reason="too_many_changes",
        )


def _most(enrolled: int, least: int, share: float) -> int:
    return max(least, int(enrolled * share))
