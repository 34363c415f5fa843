"""The configuration: what is wrong is named, nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from faced.config import AttributesConfig, Config, ExemptService, load, parse
from faced.errors import ConfigError

ROOT = Path(__file__).parent.parent


def test_an_empty_file_is_a_safe_configuration(tmp_path: Path) -> None:
    path = tmp_path / "faced.toml"
    path.write_text("")
    config = load(path)
    assert config == Config()
    assert config.logon.exempt == (ExemptService("su", 0), ExemptService("cron", 0))
    assert config.logon.fmr <= 0.01


def test_values_arrive_with_their_types() -> None:
    config = parse(
        {
            "language": "ja",
            "camera": {"name": "usb:046d:0825", "width": 1280},
            "logon": {"attempt_timeout_s": 10, "exempt": [{"service": "cron"}]},
            "landmarks": {"predictor": "/opt/predictor.dat"},
            "directory": {"servers": ["ldaps://one.example", "ldap://two.example"], "base": "dc=example"},
        }
    )
    assert config.camera.width == 1280
    assert config.logon.attempt_timeout_s == 10.0
    assert config.logon.exempt == (ExemptService("cron", 0),)
    assert config.landmarks.predictor == Path("/opt/predictor.dat")
    assert config.directory.servers == ("ldaps://one.example", "ldap://two.example")


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"camra": {}}, "unknown key 'camra'"),
        ({"camera": {"widht": 640}}, "camera: unknown key 'widht'"),
        ({"camera": {"width": "640"}}, "camera: width: expected int"),
        ({"camera": {"width": True}}, "camera: width: expected int"),
        ({"camera": {"width": 0}}, "camera: width: must be more than 0"),
        ({"camera": []}, "camera: expected a table"),
        ({"logon": {"fmr": 0.5}}, "fmr"),
        ({"logon": {"fmr": 0}}, "fmr"),
        ({"logon": {"fmr_confirmed": 0.02}}, "fmr_confirmed"),
        ({"logon": {"tries": -1}}, "tries"),
        ({"logon": {"attempt_timeout_s": float("inf")}}, "attempt_timeout_s"),
        ({"logon": {"attempt_timeout_s": float("nan")}}, "attempt_timeout_s"),
        ({"logon": {"exempt": [{}]}}, "'service' is missing"),
        ({"logon": {"exempt": "su"}}, "expected a list"),
        ({"logon": {"other_factors": ["Token"]}}, "one word"),
        ({"logon": {"other_factors": "token"}}, "expected a list"),
        ({"logon": {"factor_modules": [{"factor": "a b", "module": "pam_x"}]}}, "one word"),
        ({"logon": {"factor_modules": [{"factor": "token", "module": "pam_x.so"}]}}, "without path"),
        ({"directory": {"servers": ["http://example"]}}, "ldaps://"),
        ({"personnel": {"servers": ["ldapi:///"]}}, "personnel: servers: .*ldaps://"),
        ({"personnel": {"page_size": 0}}, "page_size: must be more than 0"),
        ({"personnel": {"page_size": 1001}}, "page_size: at most 1000"),
        ({"personnel": {"timeout_s": 0}}, "personnel: timeout_s"),
        ({"personnel": {"attributes": {"login": ""}}}, "attributes: login: '' is not the name"),
        ({"personnel": {"attributes": {"photo": ""}}}, "attributes: photo"),
        ({"personnel": {"attributes": {"name": "*"}}}, "attributes: name: '[*]' is not the name"),
        ({"personnel": {"attributes": {"name": "cn)(uid=*"}}}, "attributes: name"),
        ({"personnel": {"attributes": {"ends": "end date"}}}, "attributes: ends"),
        ({"personnel": {"attributes": {"birthday": "x"}}}, "unknown key 'birthday'"),
        ({"sync": {"source": "photos"}}, "sync: source: must be 'ldap' or 'dir:/path'"),
        ({"sync": {"source": "dir:photos"}}, "sync: source"),
        ({"sync": {"categories": {"staff": [" "]}}}, "cannot be empty"),
        ({"sync": {"categories": {"staff": ["臨時"]}}}, "'臨時' is under both"),
        ({"sync": {"categories": {"staff": ["TEMPORARY"]}}}, "'temporary' is under both"),
        ({"realm": {"anchor": ""}}, "anchor: expected Path"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse(document)


def test_attributes_may_have_options_and_what_is_not_there_may_be_left_out() -> None:
    attributes = parse({"personnel": {"attributes": {"name": "cn;lang-ja", "mail": "", "ends": "endDate"}}})
    assert attributes.personnel.attributes == AttributesConfig(name="cn;lang-ja", mail="", ends="endDate")


def test_a_missing_or_broken_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Copy the example"):
        load(tmp_path / "nothing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[camera\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(broken)


def test_the_environment_names_the_file_when_nobody_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "faced.toml"
    path.write_text('language = "ja"')
    monkeypatch.setenv("FACED_CONFIG", str(path))
    assert load().language == "ja"
