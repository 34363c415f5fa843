"""Which source is opened, and which of its people may be enrolled."""

from __future__ import annotations

from pathlib import Path

import pytest

from faced.config import CategoriesConfig, Config, parse
from faced.directory.personnel import LdapPersonnel
from faced.dummy.staff import Category
from faced.enrolment.sync.categories import Categories
from faced.enrolment.sync.folder import FolderPersonnel
from faced.enrolment.sync.source import open_personnel
from faced.errors import ConfigError

SHIPPED = Categories.configured(CategoriesConfig())


@pytest.fixture
def ldap(tmp_path: Path) -> Config:
    password = tmp_path / "personnel.password"
    password.write_text("secret")
    password.chmod(0o600)
    section = {"servers": ["ldaps://hr.example.jp"], "base": "ou=staff", "bind_dn": "cn=x", "password": str(password)}
    return parse({"personnel": section})


def test_the_command_line_comes_before_the_configuration(ldap: Config, tmp_path: Path) -> None:
    assert isinstance(open_personnel(ldap), LdapPersonnel)
    assert isinstance(open_personnel(ldap, "ldap"), LdapPersonnel)
    assert isinstance(open_personnel(ldap, f"dir:{tmp_path}"), FolderPersonnel)
    folder = parse({"sync": {"source": f"dir:{tmp_path}"}})
    assert isinstance(open_personnel(folder), FolderPersonnel)
    with pytest.raises(ConfigError, match="servers is missing"):
        open_personnel(folder, "ldap")


@pytest.mark.parametrize("spec", ["", "dir:", "LDAP", "ldaps://hr.example.jp", "photos"])
def test_another_source_is_refused(ldap: Config, spec: str) -> None:
    with pytest.raises(ConfigError, match="is no source of staff"):
        open_personnel(ldap, spec)


def test_the_categories_of_the_dummy_staff_mean_what_the_customer_says() -> None:
    assert {category: SHIPPED.basis_of(category.value) for category in Category} == {
        Category.REGULAR: "staff",
        Category.REAPPOINTED: "staff",
        Category.REEMPLOYED: "staff",
        Category.PART_TIME: "consent",
        Category.TEMPORARY: "consent",
        Category.DISPATCHED: "consent",
    }


@pytest.mark.parametrize(
    ("category", "basis"),
    [
        *(("正規", "staff"), ("再任用", "staff"), ("再雇用", "staff"), ("Regular", "staff"), ("Ｒegular ", "staff")),
        *(("非常勤", "consent"), ("臨時", "consent"), ("派遣", "consent"), ("PART-TIME", "consent")),
        *(("", None), (" ", None), ("会計年度任用職員", None), ("regular staff", None), ("非正規", None), ("*", None)),
    ],
)
def test_whoever_has_another_category_is_not_enrolled(category: str, basis: str | None) -> None:
    assert SHIPPED.basis_of(category) == basis


def test_a_site_has_words_of_its_own() -> None:
    config = parse({"sync": {"categories": {"staff": ["1"], "by_consent": ["会計年度任用職員"]}}})
    categories = Categories.configured(config.sync.categories)
    assert [categories.basis_of(each) for each in ("１", "会計年度任用職員", "regular")] == ["staff", "consent", None]
