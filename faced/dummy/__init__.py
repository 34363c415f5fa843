"""Staff who do not exist: heads, ID photos, webcam clips and attacks, all rendered from a seed.

The doors: :class:`Identity`, :func:`id_photo`, :func:`encode_jpeg`, :func:`render_frame`, :func:`clip`,
:mod:`faced.dummy.attack`, :mod:`faced.dummy.species` (attacks that obey a prompt), :mod:`faced.dummy.occasion`
(plans of trials), :func:`roster` and :func:`staff`. They show that the machinery works; thresholds and error rates
never come from them (docs/architecture.md).
"""

from __future__ import annotations

from faced.dummy.clip import Clip, clip, nobody
from faced.dummy.cloth import Cloth
from faced.dummy.covering import Worn
from faced.dummy.identity import Identity
from faced.dummy.motion import Act, Challenge, Truth
from faced.dummy.photo import encode_jpeg, id_photo
from faced.dummy.render import render_frame
from faced.dummy.roster import roster
from faced.dummy.scene import Expression, Light, Pose, Sensor
from faced.dummy.staff import Category, StaffMember, staff

__all__ = [
    "Act",
    "Category",
    "Challenge",
    "Clip",
    "Cloth",
    "Expression",
    "Identity",
    "Light",
    "Pose",
    "Sensor",
    "StaffMember",
    "Truth",
    "Worn",
    "clip",
    "encode_jpeg",
    "id_photo",
    "nobody",
    "render_frame",
    "roster",
    "staff",
]
