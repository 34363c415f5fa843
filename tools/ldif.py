"""Writes etc/ldap/*.ldif, for servers that keep their settings in cn=config, from the files for slapd.conf.

python -m tools.ldif
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "etc" / "ldap"
_SCHEMA_KEYS = {
    "objectidentifier": "olcObjectIdentifier",
    "attributetype": "olcAttributeTypes",
    "objectclass": "olcObjectClasses",
}


#: A line break that LDIF takes out again with the first blank after it: the second one stays.
_FOLD = "\n  "


def directives(text: str) -> Iterator[tuple[str, str]]:
    """The keyword and the argument of each directive of a slapd.conf text, lines folded as LDIF folds them."""
    joined: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            joined[-1] += _FOLD + line.strip()
        else:
            joined.append(line.strip())
    for directive in joined:
        keyword, argument = directive.split(None, 1)
        yield keyword.lower(), argument


def schema_ldif(text: str) -> str:
    """The schema as an entry below cn=schema,cn=config."""
    lines = [
        "# Made from faced.schema by tools/ldif.py. Load it with: ldapadd -Y EXTERNAL -H ldapi:/// -f faced.ldif",
        "dn: cn=faced,cn=schema,cn=config",
        "objectClass: olcSchemaConfig",
        "cn: faced",
    ]
    lines += [f"{_SCHEMA_KEYS[keyword]}: {argument}" for keyword, argument in directives(text)]
    return "\n".join(lines) + "\n"


def update_ldif(text: str) -> str:
    """The schema in place of an older one, on a running server with entries of it."""
    lines = [
        "# Made from faced.schema by tools/ldif.py. For a server with an older faced.ldif; acl.ldif comes afterwards.",
        "# Load it with:",
        "#   name=$(ldapsearch -Q -LLL -Y EXTERNAL -H ldapi:/// -b cn=schema,cn=config '(cn=*faced)' dn |",
        "#     sed -n 's/^dn: //p')",
        '#   sed -e "s/@FACED@/$name/" faced-update.ldif | ldapmodify -Y EXTERNAL -H ldapi:///',
        "dn: @FACED@",
        "changetype: modify",
    ]
    for key in ("attributetype", "objectclass"):
        lines.append(f"replace: {_SCHEMA_KEYS[key]}")
        lines += [f"{_SCHEMA_KEYS[key]}: {argument}" for keyword, argument in directives(text) if keyword == key]
        lines.append("-")
    return "\n".join(lines) + "\n"


def access_ldif(text: str) -> str:
    """The access rules as a change of the database's entry."""
    parts: dict[str, list[str]] = {"olcLimits": [], "olcAddContentAcl": [], "olcAccess": []}
    for keyword, argument in directives(text):
        if keyword == "access":
            parts["olcAccess"].append(f"{{{len(parts['olcAccess'])}}}{argument}")
        elif keyword == "limits":
            parts["olcLimits"].append(argument)
        elif keyword == "add_content_acl":
            parts["olcAddContentAcl"].append("TRUE" if argument == "on" else "FALSE")
        else:
            raise ValueError(f"acl.conf: {keyword!r} has no place in cn=config yet")
    lines = [
        "# Made from acl.conf by tools/ldif.py; the reasons are there. Replaces the database's rules. Load it with:",
        "#   sed -e 's/@PEOPLE@/ou=people,@BASE@/g' -e 's/@BASE@/dc=example,dc=jp/g' acl.ldif |",
        "#     ldapmodify -Y EXTERNAL -H ldapi:///",
        "dn: olcDatabase={1}mdb,cn=config",
        "changetype: modify",
    ]
    for attribute, values in parts.items():
        lines += [f"replace: {attribute}", *(f"{attribute}: {value}" for value in values), "-"]
    return "\n".join(lines) + "\n"


def made() -> dict[Path, str]:
    """Every file this makes, with what it must contain."""
    schema = (FOLDER / "faced.schema").read_text(encoding="utf-8")
    return {
        FOLDER / "faced.ldif": schema_ldif(schema),
        FOLDER / "faced-update.ldif": update_ldif(schema),
        FOLDER / "acl.ldif": access_ldif((FOLDER / "acl.conf").read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
