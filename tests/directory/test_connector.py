"""No way leads to the directory but verified TLS, and no password is sent before it stands."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faced.config import DirectoryConfig
from faced.directory.connector import Account, Connector, ServerAddress
from faced.errors import AccountRefused, DirectoryUnavailable
from tests.rig.ldap_peer import LdapPeer, drips, feigns_starttls, injects, refuses_starttls, silent, tls_server
from tests.rig.pki import Authority, Certificate
from tests.rig.slapd import PrivateSlapd

Behaviour = Callable[[LdapPeer, socket.socket], None]
PASSWORD = "correct horse battery staple"
ACCOUNT = Account("cn=pc-001,ou=hosts,dc=example,dc=jp", PASSWORD)
#: Generous: what is asked is that the wait ends, not how fast the machine is.
AT_LAST_S = 10.0


def connector(servers: list[str], ca_file: Path, *, timeout_s: float = 20.0, account: Account = ACCOUNT) -> Connector:
    return Connector(servers, ca_file, account, timeout_s=timeout_s)


def urls(slapd: PrivateSlapd) -> list[str]:
    return [slapd.ldaps_url, slapd.starttls_url]


@pytest.mark.parametrize("way", [0, 1], ids=["ldaps", "starttls"])
def test_a_host_gets_in_over_verified_tls(slapd: PrivateSlapd, way: int) -> None:
    account = Account(slapd.admin_dn, slapd.admin_password)
    with connector([urls(slapd)[way]], slapd.ca_file, account=account).connect() as connection:
        assert connection.read(slapd.tree.realm, ["cn"]).text("cn") == "realm"


@pytest.mark.parametrize("way", [0, 1], ids=["ldaps", "starttls"])
def test_a_server_of_another_authority_is_refused(slapd: PrivateSlapd, other_authority: Authority, way: int) -> None:
    with pytest.raises(DirectoryUnavailable, match="no certificate that can be trusted: .*(self-signed|issuer)"):
        connector([urls(slapd)[way]], other_authority.certificate).connect()


@pytest.mark.parametrize("way", [0, 1], ids=["ldaps", "starttls"])
def test_the_system_authorities_do_not_count(slapd: PrivateSlapd, tmp_path: Path, way: int) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("no certificate in here\n")
    for missing in (empty, tmp_path / "nothing.pem"):
        with pytest.raises(DirectoryUnavailable, match="certificate authority .* cannot be read") as refused:
            connector([urls(slapd)[way]], missing).connect()
        assert refused.value.reason == "directory_ca"


@pytest.mark.parametrize("way", [0, 1], ids=["ldaps", "starttls"])
@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        (lambda authority: authority.issue("misnamed", ["ldap.example.jp"]), "IP address mismatch|not valid for"),
        (lambda authority: authority.issue("expired", days=-1), "expired"),
    ],
    ids=["wrong name", "expired"],
)
def test_a_certificate_that_does_not_hold_is_refused(
    authority: Authority, certificate: Callable[[Authority], Certificate], why: str, way: int
) -> None:
    with PrivateSlapd(authority=authority, certificate=authority.issue("good")) as slapd:
        # The rig itself would not get in, so the certificate is changed behind its back.
        made = certificate(authority)
        slapd.stop()
        slapd.install(made)
        slapd.start()
        with pytest.raises(DirectoryUnavailable, match=why):
            connector([urls(slapd)[way]], slapd.ca_file).connect()


def test_a_host_name_is_checked_as_well_as_an_address(slapd: PrivateSlapd) -> None:
    account = Account(slapd.admin_dn, slapd.admin_password)
    connector([f"ldaps://localhost:{slapd.tls_port}"], slapd.ca_file, account=account).connect().close()
    name = socket.gethostname()
    with pytest.raises(DirectoryUnavailable):
        connector([f"ldaps://{name}.:{slapd.tls_port}"], slapd.ca_file, account=account).connect()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_tls_1_1_is_refused(authority: Authority) -> None:
    made = authority.issue("old")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(made.certificate, made.key)
    with LdapPeer(tls_server(context, silent)) as peer:
        lax = ssl.create_default_context(cafile=str(authority.certificate))
        lax.minimum_version = ssl.TLSVersion.TLSv1
        lax.set_ciphers("ALL:@SECLEVEL=0")
        with (
            socket.create_connection(("127.0.0.1", peer.port)) as sock,
            lax.wrap_socket(sock, server_hostname="127.0.0.1") as old,
        ):
            assert old.version() == "TLSv1.1", "the server must really offer it"
        with pytest.raises(DirectoryUnavailable, match="does not speak TLS"):
            connector([peer.tls_url], authority.certificate).connect()
        assert PASSWORD.encode() not in peer.received


@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (refuses_starttls, "refused an encrypted connection"),
        (feigns_starttls, "does not speak TLS|cannot be reached"),
        (injects, "invalid messageId"),
    ],
)
def test_a_stripped_starttls_costs_no_password(authority: Authority, behave: Behaviour, why: str) -> None:
    with LdapPeer(behave) as peer:
        with pytest.raises(DirectoryUnavailable, match=why):
            connector([peer.plain_url], authority.certificate, timeout_s=3).connect()
        assert peer.received, "it was asked for StartTLS"
        assert PASSWORD.encode() not in peer.received
        assert ACCOUNT.dn.encode() not in peer.received


def test_a_plain_server_where_tls_is_expected_is_refused(slapd: PrivateSlapd) -> None:
    with pytest.raises(DirectoryUnavailable):
        connector([f"ldaps://127.0.0.1:{slapd.starttls_port}"], slapd.ca_file, timeout_s=3).connect()


@pytest.mark.parametrize("behave", [silent, drips])
def test_one_deadline_ends_every_wait(authority: Authority, behave: Behaviour) -> None:
    with LdapPeer(behave) as peer:
        for url in (peer.plain_url, peer.tls_url):
            started = time.monotonic()
            with pytest.raises(DirectoryUnavailable):
                connector([url], authority.certificate, timeout_s=0.4).connect()
            assert time.monotonic() - started < AT_LAST_S


def test_a_dead_first_server_is_passed_over_and_remembered(slapd: PrivateSlapd) -> None:
    with LdapPeer(silent) as hanging:
        with socket.create_server(("127.0.0.1", 0)) as vacated:
            dead = f"ldaps://127.0.0.1:{vacated.getsockname()[1]}"
        account = Account(slapd.admin_dn, slapd.admin_password)
        several = connector([dead, hanging.tls_url, slapd.ldaps_url], slapd.ca_file, account=account, timeout_s=4)
        for _again in range(3):
            with several.connect() as connection:
                assert connection.url == slapd.ldaps_url
        assert hanging.connections == 1, "the server that answered is asked first from then on"


def test_every_server_is_named_when_none_answers(authority: Authority) -> None:
    with LdapPeer(silent) as one, LdapPeer(refuses_starttls) as two:
        with pytest.raises(DirectoryUnavailable) as refused:
            connector([one.tls_url, two.plain_url], authority.certificate, timeout_s=2).connect()
    assert one.tls_url in str(refused.value)
    assert two.plain_url in str(refused.value)
    assert refused.value.reason == "directory_unavailable"


def test_a_refused_account_is_told_apart_when_no_other_server_lets_it_in(slapd: PrivateSlapd) -> None:
    with LdapPeer(silent) as other:
        for servers in ([slapd.ldaps_url, other.tls_url], [other.tls_url, slapd.ldaps_url]):
            with pytest.raises(AccountRefused, match="refused the account") as refused:
                connector(servers, slapd.ca_file, timeout_s=2).connect()
            assert PASSWORD not in str(refused.value)


def test_a_server_with_old_data_shuts_nobody_out(slapd: PrivateSlapd, own_slapd: PrivateSlapd) -> None:
    account = Account(slapd.tree.host("pc-new"), slapd.add_host("pc-new", ["default"]))
    servers = [own_slapd.ldaps_url, slapd.ldaps_url]
    with connector(servers, slapd.ca_file, account=account).connect() as connection:
        assert connection.url == slapd.ldaps_url


@pytest.mark.parametrize("account", [Account("", "x"), Account("cn=x", "")])
def test_an_anonymous_bind_cannot_be_made_by_mistake(authority: Authority, account: Account) -> None:
    with pytest.raises(DirectoryUnavailable, match="account or the password") as refused:
        connector(["ldaps://127.0.0.1"], authority.certificate, account=account)
    assert refused.value.reason == "directory_account"


def test_a_password_never_shows_in_a_repr() -> None:
    assert PASSWORD not in repr(ACCOUNT)


@pytest.mark.parametrize(
    ("url", "host", "port", "implicit"),
    [
        ("ldaps://ldap.example.jp", "ldap.example.jp", 636, True),
        ("ldap://ldap.example.jp", "ldap.example.jp", 389, False),
        ("ldap://127.0.0.1:1389/", "127.0.0.1", 1389, False),
        ("ldaps://[::1]:1636", "::1", 1636, True),
    ],
)
def test_addresses(url: str, host: str, port: int, implicit: bool) -> None:
    assert ServerAddress.parse(url) == ServerAddress(url, host, port, implicit)


@pytest.mark.parametrize(
    "url",
    ["ldapi:///", "http://ldap", "ldap://", "ldaps://host:port", "ldap://h/dc=x", "ldap://u:p@h", "ldap://h?x", ""],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(DirectoryUnavailable, match="is not a directory server") as refused:
        ServerAddress.parse(url)
    assert refused.value.reason == "directory_address"


def test_a_configuration_without_servers_is_refused() -> None:
    with pytest.raises(DirectoryUnavailable, match="No directory server"):
        Connector.configured(DirectoryConfig(bind_dn="cn=x"), "secret")
