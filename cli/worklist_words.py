"""The words of a synchronisation: what is done, why, and what somebody must do about who is left open."""

from __future__ import annotations

from cli.sync_words import reason_word
from faced.enrolment.sync.plan import OpenCase, Step
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
        "photo": _("there is a new photo"),
        "basis": _("the staff category has changed"),
        "ends_soon": _("the face data end soon"),
        "details": _("name, mail address or staff number differ"),
        "left": _("not in the personnel section any more"),
        "returned": _("in the personnel section again"),
        "grace_over": _("the grace period is over"),
        "renamed": _("login name or staff number went to another record"),
    }.get(why, why)


def case_text(case: OpenCase) -> str:
    """Why somebody is left open, and what to do."""
    text = _CASES().get(case.reason)
    if text is None:
        return case.detail or _("{fault}: ask the personnel section.").format(fault=reason_word(case.reason))
    return text.format(login=case.login, detail=case.detail)


def _CASES() -> dict[str, str]:  # noqa: N802 - a table that is made in the language of the moment
    return {
        "not_yet": _("The employment has not begun. Nothing to do."),
        "category": _("Nobody of this staff category is enrolled, or the category is unknown (sync.categories)."),
        "renamed": _(
            "The staff number belongs to {detail} in the directory. If it is the same person: facectl sync apply "
            "--accept {login}, which erases {detail}."
        ),
        "other_number": _(
            "The login name has another staff number in the directory. If the record is right: facectl sync apply "
            "--accept {login}, which erases what is there."
        ),
        "suspended": _("Suspended by a handler. If that is over: facectl resume {login}"),
        "erased": _("The face data were erased. If the person starts anew: facectl sync apply --accept {login}"),
        "unusable": _(
            "The face data cannot be believed. To enrol from the photo, which you have looked at: facectl sync apply "
            "--accept {login}"
        ),
        "no_photo": _("The personnel section has no photo. Ask for one, or: facectl enroll {login} --camera"),
        "changed_meanwhile": _("The record changed while it was read. The next run sees the new one."),
        "photo_changed": _(
            "There is a new photo, and nothing here can compare it. Look at it; if it shows the person: facectl sync "
            "apply --accept {login}"
        ),
        "mismatch": _(
            "The new photo does not resemble the person who is enrolled. Look at it; if it is right all the same: "
            "facectl sync apply --accept {login}"
        ),
        "same_photo": _("The photo is the same file as that of {detail}. Ask the personnel section."),
        "basis": _("The staff category has changed. Enrol anew: facectl enroll {login} --camera"),
        "ends_soon": _("The face data end soon. Enrol anew: facectl enroll {login} --camera"),
        "not_in_source": _(
            "Enrolled, but not in the personnel section. To suspend: facectl sync apply --accept {login}. To leave it: "
            "name the person under sync.keep."
        ),
        "unreadable_record": _(
            "Not in the personnel section as far as can be read, but a record there has neither login name nor staff "
            "number and may be this person's. Ask the personnel section."
        ),
        "handler": _("Waits for a handler: facectl sync apply ({detail})"),
        "no_approval": _("Needs an approval: facectl approval record {login} --decision NUMBER"),
        "approval_over": _("The approval has ended: facectl approval record {login} --decision NUMBER"),
        "approval_withdrawn": _("The approval was withdrawn. Nothing to do."),
        "no_consent": _("Needs the person's consent: facectl consent record {login} --given DATE"),
        "consent_over": _("The consent has ended: facectl consent record {login} --given DATE"),
        "consent_withdrawn": _("The person withdrew the consent. Erase: facectl erase {login}"),
    }
