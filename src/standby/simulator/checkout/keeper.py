"""Keeps one program for the simulator and ends it with the simulator, however that ends.

    python -m standby.simulator.checkout.keeper FOLDER FD PROGRAM ARGUMENT...

Standard input is a pipe whose other end the simulator holds: the kernel closes it at any death, `kill -9` included.
Then the program is killed and FOLDER, where it ran, removed. A program that ends by itself ends the keeper with its
code and leaves the folder, so that it can be started again there. FD is handed on to it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence


def keep(folder: str, fd: int, command: Sequence[str]) -> int:
    """Run `command` in `folder` until it or the simulator ends; its exit code."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever means the simulator ends us by ending it
    child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, pass_fds=(fd,))
    alone = threading.Event()

    def watch() -> None:
        while os.read(0, 4096):  # the bare descriptor: sys.stdin's lock would be held when we exit
            pass
        alone.set()
        child.kill()

    threading.Thread(target=watch, daemon=True).start()
    code = child.wait()
    if alone.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
