"""Lengths of time in seconds, and the zone in which a moment is a day."""

from __future__ import annotations

from datetime import timedelta, timezone

HOUR_S = 3600
DAY_S = 24 * HOUR_S
JST = timezone(timedelta(hours=9), "JST")
