"""Any user's own program at a varlink socket: standard library only, run inside by whoever the test says.

Reads calls as JSON lines and writes every answer as a JSON line; the first line written says who the kernel says is at
the other end. A call {"sleep": seconds} waits with the connection open.
"""

import json
import socket
import struct
import sys
import time


def main(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(path)
        pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        print(json.dumps({"server_pid": pid, "server_uid": uid}), flush=True)
        received = b""
        for line in sys.stdin:
            call = json.loads(line)
            if "sleep" in call:
                time.sleep(call["sleep"])
                continue
            connection.sendall(line.strip().encode() + b"\0")
            while True:
                while b"\0" not in received:
                    data = connection.recv(65536)
                    if not data:
                        print(json.dumps({"closed": True}), flush=True)
                        return
                    received += data
                answer, _nul, received = received.partition(b"\0")
                print(answer.decode(), flush=True)
                if not json.loads(answer).get("continues"):
                    break


main(sys.argv[1])
