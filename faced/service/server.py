"""A varlink server on local sockets: bounded in every direction, so that no caller can hurt another one."""

from __future__ import annotations

import logging
import selectors
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from faced import __version__
from faced.errors import ProtocolError
from faced.service.interface import Interface, Mismatch, Struct
from faced.service.loop import Callback, Loop, Timer
from faced.service.peer import Peer, peer_of
from faced.service.varlink import (
    MESSAGE_BYTES,
    Framer,
    VarlinkError,
    decode,
    encode,
    invalid_parameter,
    method_not_found,
)

logger = logging.getLogger(__name__)

_ABOUT = Interface.shipped("org.varlink.service")


@dataclass(frozen=True)
class Limits:
    """What one caller may take of the daemon."""

    root_connections: int = 64
    user_connections: int = 64
    connections_per_uid: int = 16
    #: Answers that wait because the caller does not read them.
    output_bytes: int = 2 * MESSAGE_BYTES
    #: From the first byte of a message to its NUL, and from connecting to the first message.
    message_s: float = 5.0


class Call:
    """One question, to be answered now or later from the loop's thread.

    ``parameters`` fit the method's declaration: every declared field is there, null where it may be.
    """

    def __init__(self, connection: Connection, method: str, parameters: dict[str, Any], *, more: bool, oneway: bool):
        self.connection = connection
        self.method = method
        self.parameters = parameters
        self.more = more
        self.answered = False
        self._oneway = oneway

    @property
    def peer(self) -> Peer:
        """Who asks."""
        return self.connection.peer

    def reply(self, **parameters: Any) -> None:
        """The last answer."""
        self._finish({"parameters": parameters})

    def tell(self, **parameters: Any) -> None:
        """An answer that others will follow; nothing is sent to a caller who did not ask for ``more``."""
        if self.more and not self.answered and not self._oneway:
            self.connection.send({"parameters": parameters, "continues": True})

    def error(self, error: VarlinkError) -> None:
        """Answer with an error."""
        self._finish({"error": error.name, "parameters": error.parameters})

    def _finish(self, message: Mapping[str, Any]) -> None:
        if self.answered:
            return
        self.answered = True
        if not self._oneway:
            self.connection.send(message)
        self.connection.finished(self)


Method = Callable[[Call], None]


class Connection:
    """One caller. Calls are answered in order, one at a time; hanging up ends what is under way."""

    def __init__(
        self, server: Server, sock: socket.socket, peer: Peer, service: Mapping[str, Method], *, counts: bool
    ) -> None:
        self.peer = peer
        self.counts = counts
        self.closed = False
        self._server = server
        self._loop = server.loop
        self._socket = sock
        self._service = service
        self._framer = Framer()
        self._output = bytearray()
        self._call: Call | None = None
        self._taking = False
        self._on_close: list[Callback] = []
        self._patience: Timer | None = None
        self._await_message()
        self._watch()

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""
        return self._call is None

    def on_close(self, callback: Callback) -> None:
        """Call back once when this connection ends, whoever ended it."""
        if self.closed:
            callback()
        else:
            self._on_close.append(callback)

    def close(self) -> None:
        """Hang up."""
        if self.closed:
            return
        self.closed = True
        self._loop.watch(self._socket, 0, self._ready)
        self._socket.close()
        if self._patience is not None:
            self._patience.cancel()
        self._server.forget(self)
        callbacks, self._on_close = self._on_close, []
        for callback in callbacks:
            callback()

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue an answer; a caller who lets too many lie is dropped."""
        if self.closed:
            return
        self._output += encode(message)
        self._flush()
        if len(self._output) > self._server.limits.output_bytes:
            self.close()

    def finished(self, call: Call) -> None:
        """The call under way is answered: go on with what waits."""
        if self._call is call:
            self._call = None
            if not self._taking:
                self._loop.soon(self._take)

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE and not self.closed:
            self._flush()
        if events & selectors.EVENT_READ and not self.closed:
            self._read()

    def _read(self) -> None:
        try:
            data = self._socket.recv(MESSAGE_BYTES)
            if not data:
                self.close()
                return
            self._framer.feed(data)
            self._take()
        except BlockingIOError:
            return
        except (OSError, ProtocolError):
            self.close()

    def _take(self) -> None:
        self._taking = True
        try:
            while not self.closed and self._call is None and (data := self._framer.take()) is not None:
                self._start(decode(data))
        except ProtocolError:
            self.close()
        finally:
            self._taking = False
        if not self.closed:
            self._await_message()

    def _await_message(self) -> None:
        """The first message, and every one begun, must be complete in time; between messages a caller may be silent."""
        waiting = self._call is None and (self._framer.pending or self._patience is None)
        if waiting and (self._patience is None or not self._patience.armed):
            self._patience = self._loop.later(self._server.limits.message_s, self.close)
        elif not waiting and self._patience is not None:
            self._patience.cancel()

    def _start(self, message: Mapping[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("parameters")
        if not isinstance(method, str) or not (parameters is None or isinstance(parameters, dict)):
            raise ProtocolError("A message on a local socket is not a call.")
        flags = [message.get(flag) or False for flag in ("more", "oneway", "upgrade")]
        if not all(isinstance(flag, bool) for flag in flags) or flags[2]:
            raise ProtocolError("A message on a local socket has senseless flags.")
        call = Call(self, method, {}, more=flags[0], oneway=flags[1])
        self._call = call
        if self._patience is not None:
            self._patience.cancel()
        try:
            try:
                call.parameters = self._server.checked(method, parameters or {}, self._service)
                self._service[method](call)
            except VarlinkError as error:
                call.error(error)
        except ProtocolError:
            self.close()
        except Exception:
            # A fault of ours ends this attempt, closed as any other failure, and nobody else's.
            logger.exception("fault in %s", method)
            self.close()

    def _flush(self) -> None:
        try:
            while self._output:
                del self._output[: self._socket.send(self._output)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
        if not self.closed:
            self._watch()

    def _watch(self) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._output else 0)
        self._loop.watch(self._socket, events, self._ready)


class Server:
    """Listens on local sockets and hands calls to methods.

    :param loop: everything happens in its thread.
    """

    def __init__(self, loop: Loop, *, limits: Limits | None = None) -> None:
        self.loop = loop
        self.limits = limits or Limits()
        self._listeners: list[socket.socket] = []
        self._connections: dict[Connection, None] = {}
        self._declared: dict[str, Struct] = {}
        #: When a caller who counts was last there, in the loop's time.
        self.used_s = loop.clock()

    def listen(
        self, listener: socket.socket, interface: Interface, methods: Mapping[str, Method], *, counts: bool = True
    ) -> None:
        """Serve one interface on this socket, and org.varlink.service beside it.

        :param methods: by unqualified name; every declared method must be there.
        :param counts: whether its callers are what the daemon is there for.
        """
        if set(methods) != set(interface.methods):
            raise ValueError(f"{interface.name}: declared and served methods differ")
        offered = {interface.name: interface, _ABOUT.name: _ABOUT}
        service = {f"{interface.name}.{name}": method for name, method in methods.items()}
        service["org.varlink.service.GetInfo"] = lambda call: call.reply(
            vendor="faced", product="faced", version=__version__, url="", interfaces=sorted(offered)
        )

        def describe(call: Call) -> None:
            name = call.parameters["interface"]
            if name not in offered:
                raise VarlinkError("org.varlink.service.InterfaceNotFound", {"interface": name})
            call.reply(description=offered[name].description)

        service["org.varlink.service.GetInterfaceDescription"] = describe
        for one in offered.values():
            for name, declared in one.methods.items():
                self._declared[f"{one.name}.{name}"] = declared.parameters
        listener.setblocking(False)
        self._listeners.append(listener)
        self.loop.watch(listener, selectors.EVENT_READ, lambda _events: self._accept(listener, service, counts))

    def checked(self, method: str, parameters: dict[str, Any], service: Mapping[str, Method]) -> dict[str, Any]:
        """The parameters as the method declares them.

        :raises VarlinkError: MethodNotFound or InvalidParameter.
        """
        if method not in service:
            raise method_not_found(method)
        try:
            return self._declared[method].checked(parameters)
        except Mismatch as error:
            raise invalid_parameter(str(error)) from None

    def forget(self, connection: Connection) -> None:
        """A connection has ended."""
        self._connections.pop(connection, None)
        self._use(connection)

    def retire(self) -> bool:
        """Take no more callers, unless one is there: whoever comes now stays in the queue of the socket for the next
        process that has it."""
        if self._connections:
            return False
        for listener in self._listeners:
            self.loop.watch(listener, 0, lambda _events: None)
        return True

    def close(self) -> None:
        """Stop listening and hang up on everybody."""
        for listener in self._listeners:
            self.loop.watch(listener, 0, lambda _events: None)
            listener.close()
        self._listeners.clear()
        for connection in list(self._connections):
            connection.close()

    def _use(self, connection: Connection) -> None:
        if connection.counts:
            self.used_s = self.loop.clock()

    def _accept(self, listener: socket.socket, service: Mapping[str, Method], counts: bool) -> None:
        try:
            sock, _address = listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        peer = peer_of(sock)
        if not self._room_for(peer):
            logger.warning("too many connections of uid %d", peer.uid)
            sock.close()
            return
        connection = Connection(self, sock, peer, service, counts=counts)
        self._connections[connection] = None
        self._use(connection)

    def _room_for(self, peer: Peer) -> bool:
        """Whether there is room, if need be by hanging up on the oldest idle caller of the same uid.

        ``sudo`` runs as root for everybody: a user with many of them must not keep the greeter out.
        """
        room = self.limits.root_connections if peer.is_root else self.limits.connections_per_uid
        own = [connection for connection in self._connections if connection.peer.uid == peer.uid]
        users = sum(not connection.peer.is_root for connection in self._connections)
        if len(own) < room and (peer.is_root or users < self.limits.user_connections):
            return True
        oldest = next((connection for connection in own if connection.idle), None)
        if oldest is None:
            return False
        oldest.close()
        return True
