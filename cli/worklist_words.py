"""The words of a synchronisation: what is done, why, and what somebody must do about who is left open."""

from __future__ import annotations

from cli.sync_words import fault_words
from faced.enrolment.sync.plan import HANDLER, OpenCase, Step
from faced.i18n import _


def step_word(step: str) -> str:
    """What is done about a person."""
    return {
        Step.ENROL.value: _("enrol"),
        Step.RENEW.value: _("enrol anew"),
        Step.DESCRIBE.value: _("correct details"),
        Step.SUSPEND.value: _("suspend"),
        Step.RESUME.value: _("let in again"),
        Step.ERASE.value: _("erase"),
    }.get(step, step)


def why_word(why: str) -> str:
    """Why it is done."""
    return {
        "joined": _("new in the personnel section"),
        "accepted": _("a handler accepted the record"),
        "photo": _("a new photo"),
        "basis": _("the staff category has changed"),
        "ends_soon": _("the face data end soon"),
        "details": _("name, mail address or staff number differ"),
        "left": _("not in the personnel section any more"),
        "returned": _("in the personnel section again"),
        "grace_over": _("the grace period is over"),
        "renamed": _("the login name or staff number is another record's now"),
    }.get(why, why)


def case_text(case: OpenCase) -> str:
    """Why somebody is left open, and what to do."""
    text = _CASES().get(case.reason)
    if text is not None:
        return text.format(login=case.login, detail=step_word(case.detail) if case.reason == HANDLER else case.detail)
    fault = fault_words().get(case.reason)
    if case.detail or fault:
        return case.detail or _("{fault}: ask the personnel section.").format(fault=fault)
    # The other reasons are those for which a statement is not believed.
    return _(
        "What is recorded about {login} cannot be believed. Look: facectl consent show, facectl approval show"
    ).format(login=case.login)


def _CASES() -> dict[str, str]:  # noqa: N802 - a table that is made in the language of the moment
    return {
        HANDLER: _(
            "A handler must do this ({detail}): facectl sync apply. Erasing needs a key in the role revoke too."
        ),
        **_who_it_is(),
        **_face_and_photo(),
        **_permission(),
    }


def _who_it_is() -> dict[str, str]:
    return {
        "not_yet": _("The employment has not begun yet. Nothing to do: a run from the first day on enrols {login}."),
        "category": _(
            "Nobody of this staff category is enrolled, or it is not known here; nothing is changed about {login}. If "
            "it should be: the administrator adds it under [sync.categories]."
        ),
        "renamed": _(
            "The staff number belongs to {detail} in the directory. If it is the same person: facectl sync apply "
            "--accept {login}, which erases {detail}. If not: ask the personnel section."
        ),
        "other_number": _(
            "The login name has another staff number in the directory. If it is a new person, or the number was "
            "corrected: facectl sync apply --accept {login}, which erases the old face data. If not: ask the personnel "
            "section."
        ),
        "not_in_source": _(
            "Enrolled by hand, and not in the personnel section. To suspend: facectl sync apply --accept {login}. To "
            "leave it: the administrator adds the login name to keep under [sync]."
        ),
        "unreadable_record": _(
            "Not found in the personnel section, but a record there has neither login name nor staff number and may be "
            "this person's. Ask the personnel section; until then nobody is taken for a leaver."
        ),
        "changed_meanwhile": _("The record was changed during the run. Nothing to do: the next run sees the new one."),
    }


def _face_and_photo() -> dict[str, str]:
    return {
        "suspended_and_gone": _(
            "Suspended by a handler, and not in the personnel section any more. To erase: facectl erase {login}"
        ),
        "two_people": _(
            "The staff number belongs to {detail} in the directory, and the login name to somebody else. Ask the "
            "personnel section. If who had {login} has left: facectl erase {login}"
        ),
        "now_staff": _(
            "The approval was withdrawn, and the personnel section calls the person regular staff now. If that is "
            "right: facectl sync apply --accept {login}"
        ),
        "erased": _("The face data were erased. If the person starts anew: facectl sync apply --accept {login}"),
        "erased_unattended": _(
            "The timer erased the face data, and only a handler brings them back. If the person starts anew: facectl "
            "sync apply --accept {login}"
        ),
        "unusable": _(
            "The face data cannot be believed. Look at the photo; if it shows the person: facectl sync apply --accept "
            "{login}"
        ),
        "confirmed": _("Enrolled at the camera already, which is better than a photo. Nothing to do."),
        "no_photo": _(
            "The personnel section has no photo. Ask for one, or enrol at the camera: facectl enroll {login} --camera"
        ),
        "photo_changed": _(
            "There is a new photo, and nothing here can compare it. Look at it; if it shows the person: facectl sync "
            "apply --accept {login}"
        ),
        "mismatch": _(
            "The new photo does not resemble the face that is enrolled. Look at it; if it shows the person all the "
            "same: facectl sync apply --accept {login}. If not: ask the personnel section."
        ),
        "same_photo": _("The photo is the same file as that of {detail}. Ask the personnel section whose it is."),
        "basis": _(
            "The staff category has changed, and a photo does not replace what was made at the camera. Enrol anew: "
            "facectl enroll {login} --camera, with --basis consent if the person is not regular staff"
        ),
        "ends_soon": _("The face data end soon. Enrol anew at the camera: facectl enroll {login} --camera"),
    }


def _permission() -> dict[str, str]:
    return {
        "suspended": _("Suspended by a handler. If that is over: facectl resume {login}"),
        "no_approval": _(
            "Needs an approval: facectl approval record {login} --decision NUMBER (for somebody new first facectl add "
            "{login})"
        ),
        "approval_over": _("The approval has ended. A new one: facectl approval record {login} --decision NUMBER"),
        "approval_withdrawn": _(
            "The approval was withdrawn; every PC refuses the face. If the face data must go: facectl erase {login}"
        ),
        "no_consent": _(
            "Needs the person's consent in writing: facectl consent record {login} --given DATE (for somebody new "
            "first facectl add {login})"
        ),
        "consent_over": _("The consent has ended. Ask anew, then: facectl consent record {login} --given DATE"),
        "consent_withdrawn": _(
            "The person withdrew the consent; every PC refuses the face. If it is not erased yet: facectl erase {login}"
        ),
    }
