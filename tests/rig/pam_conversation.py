"""The application's side of PAM in a process of its own: real libpam, through libpam_wrapper where it is in force.

Runs on the bare system interpreter, so that any uid can run it. Reads one JSON line that says what to do; every message
of the conversation is written as a JSON line and answered by one; the last line written is the result. See pam.py.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import stat
import sys
import time
from typing import Any

PAM_BUF_ERR, PAM_CONV_ERR = 5, 19
PAM_USER, PAM_TTY, PAM_RHOST = 2, 3, 4
ITEMS = {"user": PAM_USER, "tty": PAM_TTY, "rhost": PAM_RHOST}
#: Descriptors that now are ours, and their other ends.
reused: list[tuple[int, socket.socket]] = []
#: Sockets that a program started by the application would have inherited.
inheritable: list[int] = []
streams_closed: list[int] = []
CALLS = {"authenticate": "pam_authenticate", "account": "pam_acct_mgmt", "setcred": "pam_setcred"}


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(Message)),
    ctypes.POINTER(ctypes.POINTER(Response)),
    ctypes.c_void_p,
)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", CONVERSE), ("data", ctypes.c_void_p)]


libc = ctypes.CDLL(None)
libc.calloc.restype = ctypes.c_void_p
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
libc.strdup.restype = ctypes.c_void_p
libc.strdup.argtypes = [ctypes.c_char_p]
libpam = ctypes.CDLL("libpam_wrapper.so" if "PAM_WRAPPER" in os.environ else "libpam.so.0")
libpam.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_char_p)


def tell(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


@CONVERSE
def converse(count: int, messages: Any, responses: Any, data: int | None) -> int:
    if count != 1:
        return PAM_CONV_ERR
    message = messages[0].contents
    tell({"style": message.style, "text": os.fsdecode(message.text or b"")})
    answer = json.loads(sys.stdin.readline())
    inheritable.extend(number for number in sockets() if os.get_inheritable(number))
    if streams_closed:
        write_to_stderr()
    if answer.get("fail"):
        return PAM_CONV_ERR
    if answer.get("fork"):
        continue_in_child()
    if answer.get("reuse_sockets"):
        reuse_sockets()
    response = libc.calloc(1, ctypes.sizeof(Response))
    if not response:
        return PAM_BUF_ERR
    responses[0] = ctypes.cast(response, ctypes.POINTER(Response))
    if answer.get("text") is not None:
        responses[0].contents.text = libc.strdup(os.fsencode(answer["text"]))
    return 0


def continue_in_child() -> None:
    child = os.fork()
    if child:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def sockets() -> list[int]:
    found = []
    for number in [int(name) for name in os.listdir("/proc/self/fd")]:
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                found.append(number)
        except OSError:
            continue
    return found


def write_to_stderr() -> None:
    """An application that does not know that its stderr is closed."""
    try:
        os.write(2, b"a line for the log\n\0")
    except OSError:
        return


def reuse_sockets() -> None:
    """What closefrom() and a later open() of an application do to a module that still holds a number."""
    for number in sockets():
        left, right = socket.socketpair()
        os.dup2(left.fileno(), number)
        left.close()
        reused.append((number, right))


def read_item(handle: ctypes.c_void_p, item: int) -> str | None:
    value = ctypes.c_char_p()
    libpam.pam_get_item(handle, item, ctypes.byref(value))
    return None if value.value is None else os.fsdecode(value.value)


def environment(handle: ctypes.c_void_p) -> dict[str, str]:
    entries = libpam.pam_getenvlist(handle)
    found = {}
    for entry in entries:
        if entry is None:
            break
        name, _equals, value = os.fsdecode(entry).partition("=")
        found[name] = value
    return found


def is_intact(number: int, other_end: socket.socket) -> bool:
    """Still open, and nothing was written to it."""
    try:
        os.fstat(number)
        return not other_end.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def main() -> None:
    tell({"ready": True})
    job = json.loads(sys.stdin.readline())
    if job["without_stderr"]:
        os.close(2)
        streams_closed.append(2)
    # Python ignores it; greeters and login do not.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, lambda _number, _frame: None)
    signal.setitimer(signal.ITIMER_REAL, job["interrupt_every_s"], job["interrupt_every_s"])
    handle = ctypes.c_void_p()
    conversation = Conversation(converse, None)
    user = None if job["user"] is None else os.fsencode(job["user"])
    before = open_descriptors()
    started = libpam.pam_start(job["service"].encode(), user, ctypes.byref(conversation), ctypes.byref(handle))
    if started != 0:
        sys.exit(f"pam_start: {started}")
    codes: list[int] = []
    seconds: list[float] = []
    code = 0
    for step in job["steps"]:
        for name, value in step["items"].items():
            libpam.pam_set_item(handle, ITEMS[name], os.fsencode(value))
        start = time.monotonic()
        code = getattr(libpam, CALLS[step["call"]])(handle, step["flags"])
        seconds.append(time.monotonic() - start)
        codes.append(code)
        tell({"done": step["call"]})
        sys.stdin.readline()
    signal.setitimer(signal.ITIMER_REAL, 0)
    user_at_end = read_item(handle, PAM_USER)
    environment_at_end = environment(handle)
    libpam.pam_end(handle, code)
    tell(
        {
            "codes": codes,
            "seconds": seconds,
            "user": user_at_end,
            "environment": environment_at_end,
            "descriptors_left": open_descriptors() - before,
            "inheritable_sockets": len(inheritable),
            "reused_intact": [is_intact(*pair) for pair in reused],
        }
    )


main()
