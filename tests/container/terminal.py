"""A person at a terminal inside the machine: runs a program on a pty and answers its prompts. Standard library only.

Arguments: the program. Standard input: a JSON list of [expected text, answer]; null as an answer hangs up. Writes what
was on the screen; ends with the program's status, 129 after hanging up, 124 if it waits for what nobody said.
"""

import json
import os
import pty
import select
import sys
import time

PATIENCE_S = 40


def main() -> int:
    script = json.load(sys.stdin)
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606
    screen = answered = ""
    until = time.monotonic() + PATIENCE_S
    status = 124
    while time.monotonic() < until:
        if script and script[0][0] in screen[len(answered) :]:
            answered, answer = screen, script.pop(0)[1]
            if answer is None:
                status = 129
                break
            os.write(terminal, f"{answer}\n".encode())
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:
            # The kernel's way to say that nobody has the other side open any more.
            data = b""
        if not data:
            print(screen)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        screen += data.decode(errors="replace")
    print(screen)
    os.close(terminal)
    os.waitpid(child, 0)
    return status


sys.exit(main())
