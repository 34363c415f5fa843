from __future__ import annotations

import json

from tests.cli.conftest import Office
from tests.cli.test_host import joined


def test_a_pc_that_joined_is_graded_by_what_seals_its_secrets(founded: Office) -> None:
    joined(founded)
    answer = founded.json("doctor")
    assert (answer["grade"], answer["sound"]) == ("host_key", True)
    assert {secret["name"]: secret["form"] for secret in answer["secrets"]} == {
        "host.keys": "host_key",
        "directory.password": "host_key",
    }
    text = founded.facectl("doctor").output
    assert "3 of 4" in text
    assert "Stolen: whoever reads its disk" in text


def test_plain_and_missing_secrets_are_status_1_with_what_to_do(founded: Office) -> None:
    result = founded.facectl("doctor")
    assert (result.exit_code, "facectl host join" in result.output) == (1, True)
    founded.facectl("host", "join", "--request", founded.folder / "request", "--with-key", "none")
    founded.secret("directory.password", "password")
    result = founded.facectl("doctor", "--json")
    assert (result.exit_code, json.loads(result.stdout)["grade"]) == (1, "plain")


def test_a_damaged_credential_is_named(founded: Office) -> None:
    joined(founded)
    (founded.folder / "host.keys.cred").write_bytes(b"damaged")
    result = founded.facectl("doctor")
    assert result.exit_code == 1
    assert "host.keys.cred does not open" in result.output


def test_a_stack_that_asks_for_one_factor_only_is_status_1(founded: Office) -> None:
    joined(founded)
    folder = founded.folder / "pam.d"
    folder.mkdir()
    (folder / "good").write_text("auth requisite pam_unix.so\nauth required pam_faced.so\n")
    (folder / "other").write_text("auth required pam_unix.so\n")
    answer = founded.json("doctor", "--pam", folder)
    assert answer["pam"] == {"good": [], "other": []}
    (folder / "bad").write_text("auth sufficient pam_unix.so\nauth required pam_faced.so\n")
    (folder / "broken").write_text("auth include nowhere\n")
    result = founded.facectl("doctor", "--pam", folder)
    assert result.exit_code == 1
    assert f"{folder}/bad: A wrong password does not end" in result.output
    assert f"{folder}/broken: It, or a file" in result.output


def test_a_stack_that_does_not_make_sure_of_a_named_factor_is_status_1_with_the_line_to_write(founded: Office) -> None:
    joined(founded)
    folder = founded.folder / "pam.d"
    folder.mkdir()
    password, face = "auth requisite pam_unix.so\n", "auth required pam_faced.so\n"
    (folder / "no-face").write_text(password)
    (folder / "lightdm").write_text(password + "auth [success=ok default=die] pam_u2f.so\n" + face)
    configured = founded.config.read_text()
    founded.config.write_text(configured + '[logon]\nother_factors = ["token"]\n')
    assert founded.json("doctor", "--pam", folder)["pam"] == {"lightdm": [], "no-face": []}
    (folder / "lightdm").write_text(password + "auth required pam_u2f.so nouserok\n" + face)
    result = founded.facectl("doctor", "--pam", folder, "--json")
    assert (result.exit_code, json.loads(result.stdout)["pam"]["lightdm"]) == (1, ["no_such_factor:token"])
    text = founded.facectl("doctor", "--pam", folder).output
    assert f"{folder}/lightdm: It does not make sure of 'token'" in text
    assert "auth [success=ok default=die] MODULE" in text
    assert "pam_u2f" in text
    founded.config.write_text(configured + '[logon]\nother_factors = ["badge"]\n')
    assert "No PAM module is known that asks for 'badge'" in founded.facectl("doctor", "--pam", folder).output
