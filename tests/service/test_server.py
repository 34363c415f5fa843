"""The wire from outside: framing, bounds, order, and callers who behave badly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.errors import ProtocolError
from faced.service.server import Limits
from faced.service.varlink import MESSAGE_BYTES, Client, DeadlinePassed, VarlinkError
from tests.service.wire import Served, as_uid, served

SAY = b'{"method":"org.example.Echo.Say","parameters":{"text":"hello"}}\0'


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "echo") as server:
        yield server


def test_a_call_is_answered(echo: Served) -> None:
    with Client(echo.path, 5) as client:
        assert client.call("org.example.Echo.Say", text="a", times=3) == {"text": "aaa"}
        assert client.call("org.example.Echo.Say", text="again") == {"text": "again"}


def test_more_gives_every_answer_and_without_it_only_the_last(echo: Served) -> None:
    with Client(echo.path, 5) as client:
        assert [answer["number"] for answer in client.stream("org.example.Echo.Count", to=3)] == [0, 1, 2, 3]
        assert client.call("org.example.Echo.Count", to=3) == {"number": 3}


def test_the_server_describes_itself(echo: Served) -> None:
    with Client(echo.path, 5) as client:
        about = client.call("org.varlink.service.GetInfo")
        assert about["interfaces"] == ["org.example.Echo", "org.varlink.service"]
        text = client.call("org.varlink.service.GetInterfaceDescription", interface="org.example.Echo")["description"]
        assert "method Say" in text


@pytest.mark.parametrize(
    ("method", "parameters", "error", "said"),
    [
        ("org.example.Echo.Nothing", {}, "org.varlink.service.MethodNotFound", {"method": "org.example.Echo.Nothing"}),
        ("io.faced.Logon.Decide", {}, "org.varlink.service.MethodNotFound", {"method": "io.faced.Logon.Decide"}),
        ("org.example.Echo.Say", {}, "org.varlink.service.InvalidParameter", {"parameter": "text"}),
        ("org.example.Echo.Say", {"text": 1}, "org.varlink.service.InvalidParameter", {"parameter": "text"}),
        (
            "org.varlink.service.GetInterfaceDescription",
            {"interface": "x"},
            "org.varlink.service.InterfaceNotFound",
            {"interface": "x"},
        ),
    ],
)
def test_errors_have_names(
    echo: Served, method: str, parameters: dict[str, object], error: str, said: dict[str, str]
) -> None:
    with Client(echo.path, 5) as client, pytest.raises(VarlinkError) as refused:
        client.call(method, **parameters)
    assert (refused.value.name, refused.value.parameters) == (error, said)


@pytest.mark.parametrize("parameters", [b"", b',"parameters":null', b',"parameters":{}'])
def test_missing_null_and_empty_parameters_are_the_same(echo: Served, parameters: bytes) -> None:
    caller = echo.raw()
    caller.send(b'{"method":"org.varlink.service.GetInfo"' + parameters + b',"unknown":[1]}\0')
    assert caller.answer()["parameters"]["vendor"] == "faced"


def test_bytes_may_come_one_by_one_and_messages_all_at_once(echo: Served) -> None:
    caller = echo.raw()
    for at in range(len(SAY)):
        caller.send(SAY[at : at + 1])
    assert caller.answer() == {"parameters": {"text": "hello"}}
    caller.send(SAY * 20)
    assert [caller.answer() for _ in range(20)] == [{"parameters": {"text": "hello"}}] * 20


def test_answers_come_in_the_order_of_the_calls(echo: Served) -> None:
    caller = echo.raw()
    caller.call("org.example.Echo.Later", parameters={"text": "first"})
    caller.send(SAY)
    while not echo.echo.waiting:
        pass
    echo.do(lambda: echo.echo.waiting[0].reply(text="first"))
    assert [caller.answer()["parameters"]["text"] for _ in range(2)] == ["first", "hello"]


def test_oneway_calls_are_not_answered(echo: Served) -> None:
    caller = echo.raw()
    caller.call("org.example.Echo.Say", parameters={"text": "silent"}, oneway=True)
    caller.send(SAY)
    assert caller.answer() == {"parameters": {"text": "hello"}}


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"hello\0",
        b"[]\0",
        b"null\0",
        b'"x"\0',
        b"\xff\xfe\0",
        b'{"method":1}\0',
        b'{"method":"org.example.Echo.Say","parameters":[]}\0',
        b'{"method":"org.example.Echo.Say","parameters":{"text":NaN}}\0',
        b'{"method":"org.example.Echo.Say","more":1}\0',
        b'{"method":"org.example.Echo.Say","upgrade":true}\0',
        b'{"error":"x"}\0',
        b"[" * 30000 + b"\0",
        b'{"method":' + b"9" * 30000 + b"}\0",
        b"x" * MESSAGE_BYTES,
        b'{"method":"' + b"x" * (MESSAGE_BYTES - 14) + b'"}\0',
    ],
)
def test_garbage_is_hung_up_on_and_hurts_nobody(echo: Served, data: bytes) -> None:
    caller = echo.raw()
    caller.send(data)
    assert caller.is_hung_up()
    with Client(echo.path, 5) as client:
        assert client.call("org.example.Echo.Say", text="alive") == {"text": "alive"}


def test_a_surrogate_in_a_name_is_answered_and_not_a_crash(echo: Served) -> None:
    caller = echo.raw()
    caller.send(b'{"method":"\\ud800"}\0')
    assert caller.answer()["error"] == "org.varlink.service.MethodNotFound"


def test_a_message_may_be_just_as_long_as_the_bound(echo: Served) -> None:
    shell = len(b'{"method":"org.example.Echo.Say","parameters":{"text":""}}\0')
    caller = echo.raw()
    caller.send(b'{"method":"org.example.Echo.Say","parameters":{"text":"' + b"x" * (MESSAGE_BYTES - shell) + b'"}}\0')
    assert len(caller.answer()["parameters"]["text"]) == MESSAGE_BYTES - shell


def test_a_fault_in_a_method_ends_that_connection_only(echo: Served) -> None:
    caller = echo.raw()
    caller.call("org.example.Echo.Break")
    assert caller.is_hung_up()
    with Client(echo.path, 5) as client:
        assert client.call("org.example.Echo.Say", text="alive") == {"text": "alive"}


def test_hanging_up_ends_the_call_under_way(echo: Served) -> None:
    caller = echo.raw()
    caller.call("org.example.Echo.Later", parameters={"text": "x"})
    while not echo.echo.waiting:
        pass
    caller.socket.close()
    assert echo.echo.hung_up.wait(5)
    echo.do(lambda: echo.echo.waiting[0].reply(text="to nobody"))


def test_who_does_not_read_the_answers_is_dropped(echo: Served) -> None:
    caller = echo.raw()
    caller.call("org.example.Echo.Count", parameters={"to": 20_000}, more=True)
    assert echo.echo.hung_up.wait(10)
    numbers = []
    with pytest.raises(EOFError):
        while True:
            numbers.append(caller.answer()["parameters"]["number"])
    assert len(numbers) < 20_000


def test_who_sends_ahead_without_end_is_dropped(echo: Served) -> None:
    caller = echo.raw()
    caller.call("org.example.Echo.Later", parameters={"text": "x"})
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(1000):
            caller.send(SAY * 100)


def test_half_a_message_is_waited_for_only_so_long(tmp_path: Path) -> None:
    with served(tmp_path / "echo", Limits(message_s=0.1)) as server:
        silent, slow, polite = server.raw(), server.raw(), server.raw()
        slow.send(SAY[:10])
        polite.send(SAY)
        assert polite.answer()
        assert silent.is_hung_up()
        assert slow.is_hung_up()
        polite.send(SAY)
        assert polite.answer(), "between messages a caller may be silent"


def test_one_uid_cannot_take_all_connections(open_folder: Path) -> None:
    with served(open_folder / "echo", Limits(connections_per_uid=3)) as server:

        def crowd() -> str:
            callers = [server.raw() for _ in range(3)]
            for caller in callers:
                caller.call("org.example.Echo.Later", parameters={"text": "x"}, more=True)
                caller.answer()
            refused = server.raw()
            return str(refused.is_hung_up())

        assert as_uid(1234, crowd) == "True"
        with Client(server.path, 5) as client:
            assert client.call("org.example.Echo.Say", text="root") == {"text": "root"}


def test_in_a_crowd_of_the_same_uid_the_oldest_idle_one_makes_room(tmp_path: Path) -> None:
    with served(tmp_path / "echo", Limits(root_connections=2)) as server:
        idle, busy = server.raw(), server.raw()
        idle.send(SAY)
        assert idle.answer()
        busy.call("org.example.Echo.Later", parameters={"text": "x"})
        while not server.echo.waiting:
            pass
        with Client(server.path, 5) as client:
            assert client.call("org.example.Echo.Say", text="new") == {"text": "new"}
        assert idle.is_hung_up()
        server.do(lambda: server.echo.waiting[0].reply(text="still here"))
        assert busy.answer() == {"parameters": {"text": "still here"}}


def test_a_client_waits_no_longer_than_its_deadline(echo: Served) -> None:
    with Client(echo.path, 0.1) as client, pytest.raises(DeadlinePassed):
        client.call("org.example.Echo.Later", text="x")


def test_a_client_says_when_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError):
        Client(tmp_path / "nobody", 1)
