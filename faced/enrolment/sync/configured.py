"""The rules and limits of a synchronisation as the configuration has them."""

from __future__ import annotations

from faced.config import SyncConfig
from faced.enrolment.sync.brakes import Limits
from faced.enrolment.sync.categories import Categories
from faced.enrolment.sync.plan import Rules, Step
from faced.units import DAY_S


def rules_of(config: SyncConfig) -> Rules:
    """What the site decided about whom the list has and has not."""
    return Rules(
        Categories.configured(config.categories).basis_of,
        config.group,
        config.grace_days * DAY_S,
        frozenset(config.keep),
    )


def limits_of(config: SyncConfig) -> Limits:
    """How much one run may do unapproved."""
    return Limits(
        removals=config.most_removals,
        removed_share=config.most_removals_percent / 100,
        changes=config.most_changes,
        changed_share=config.most_changes_percent / 100,
    )


def unattended_steps(config: SyncConfig) -> frozenset[Step]:
    """What a timer may do; the rest waits for a handler."""
    return frozenset(map(Step, config.unattended))
