"""Run in place of a daemon, under all restrictions of its unit: tries what must be refused and writes what happened.

Standard library only; every value is what the kernel said, judged by test_sandbox.py.
"""

import contextlib
import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import stat
import sys

CLONE_NEWUSER = 0x10000000
ADDR_NO_RANDOMIZE = 0x0040000
libc = ctypes.CDLL(None, use_errno=True)


def outcome(action):
    """The symbolic errno of what the action raised, else "done"."""
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"


def unshare():
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")


def turn_off_address_randomisation():
    if libc.personality(ADDR_NO_RANDOMIZE) < 0:
        raise OSError(ctypes.get_errno(), "personality")


def serve(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()


def write(path):
    with open(path, "w") as file:
        file.write("x")


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def listen_on_a_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 4711))
        listener.listen()


def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        # Without this, group addresses have no route in a machine that has only a loopback interface.
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.sendto(b"x", (address, 9))


def make_setuid():
    path = os.path.join(state, "setuid")
    write(path)
    os.chmod(path, 0o4755)


def seen(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        return errno.errorcode[error.errno]


state = os.environ["STATE_DIRECTORY"]
credentials = os.environ["CREDENTIALS_DIRECTORY"]
write(os.path.join(state, "written"))
result = {
    "user": [os.getuid(), os.getgid()],
    "groups": os.getgroups(),
    "process": dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line),
    "state_mode": stat.S_IMODE(os.stat(state).st_mode),
    "file_mode": stat.S_IMODE(os.stat(os.path.join(state, "written")).st_mode),
    "credentials": {name: open(os.path.join(credentials, name)).read() for name in os.listdir(credentials)},
    "host_keys": outcome(lambda: read("/etc/faced/host.keys")),
    "directory_password": outcome(lambda: read("/etc/faced/directory.password")),
    "pam_stacks": outcome(lambda: [read(f"/etc/pam.d/{name}") for name in os.listdir("/etc/pam.d")]),
    "other_state": outcome(lambda: os.listdir(sys.argv[1])),
    "sockets": {
        name: outcome(lambda name=name, kind=kind: socket.socket(getattr(socket, name), kind).close())
        for name, kind in {
            "AF_UNIX": socket.SOCK_STREAM,
            "AF_INET": socket.SOCK_STREAM,
            "AF_INET6": socket.SOCK_STREAM,
            "AF_NETLINK": socket.SOCK_RAW,
            "AF_PACKET": socket.SOCK_RAW,
            "AF_VSOCK": socket.SOCK_STREAM,
        }.items()
    },
    "network": os.readlink("/proc/self/ns/net"),
    "host_name": os.readlink("/proc/self/ns/uts"),
    "read_only": {path: bool(os.statvfs(path).f_flag & os.ST_RDONLY) for path in ("/sys", "/sys/fs/cgroup")},
    "personality": outcome(turn_off_address_randomisation),
    "priority": outcome(lambda: os.setpriority(os.PRIO_PROCESS, 0, 5)),
    "serve": outcome(lambda: serve(os.path.join(state, "socket"))),
    "listen": outcome(listen_on_a_port),
    "send_local": outcome(lambda: send("127.0.0.1")),
    "send_multicast": outcome(lambda: send("224.0.0.1")),
    "write_etc": outcome(lambda: write("/etc/faced/probe")),
    "write_usr": outcome(lambda: write("/usr/probe")),
    "write_run": outcome(lambda: write("/run/faced/probe")),
    "write_sysctl": outcome(lambda: write("/sys/kernel/uevent_helper")),
    "home": seen("/home"),
    "root_home": seen("/root"),
    "tmp": seen("/tmp"),
    "other_processes": sorted(name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()),
    "boot_id": outcome(lambda: read("/proc/sys/kernel/random/boot_id")),
    "devices": {path: outcome(lambda path=path: read(path)) for path in ("/dev/input/event9", "/dev/video42")},
    "executable_memory": outcome(
        lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    ),
    "namespace": outcome(unshare),
    "real_time": outcome(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
    "setuid_file": outcome(make_setuid),
    "core_bytes": resource.getrlimit(resource.RLIMIT_CORE),
}
for name in ("setuid", "socket"):
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(state, name))
with open(os.path.join(state, "probe.json"), "w") as file:
    json.dump(result, file)
