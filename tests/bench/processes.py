"""Child processes of the campaign: pinned to a core, bounded in time, gone when the campaign ends, however it ends."""

import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SERVER_CORE = "0"  # whatever is measured
LOAD_CORE = "1"  # whatever measures

_running = []
_folders = []


def _cleanup():
    for process in reversed(_running):
        if process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait(timeout=10)
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)


atexit.register(_cleanup)


def bound_everything(seconds):
    """SIGTERM, SIGINT and the end of `seconds` all end the campaign through atexit."""

    def stop(number, _frame):
        sys.exit(f"bench: stopped by {signal.Signals(number).name}" + (": took too long" if number == signal.SIGALRM else ""))

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, stop)
    signal.alarm(seconds)


def scratch_folder(parent, open_to_others=False):
    os.makedirs(parent, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="florin-bench-", dir=parent)
    if open_to_others:
        os.chmod(folder, 0o755)
    _folders.append(folder)
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core, command):
    return ["taskset", "-c", core, *command]


def run(command, timeout, core=LOAD_CORE, **options):
    """Runs to the end and returns stdout; any failure ends the campaign."""
    process = subprocess.Popen(pinned(core, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True, **options)
    _running.append(process)
    try:
        out, error = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        sys.exit(f"bench: {' '.join(command)}: no end after {timeout} s")
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: exit {process.returncode}\n{error[-4000:] or out[-4000:]}")
    _running.remove(process)
    return out


class Server:
    """A server on SERVER_CORE. `ready`: a regular expression for the line it prints when it listens, or None for a
    port that accepts."""

    def __init__(self, command, ready=None, port=None, timeout=60, environment=None, **options):
        self.command = command
        self.output = ""
        began = time.perf_counter()
        self.process = subprocess.Popen(pinned(SERVER_CORE, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                                        env={**os.environ, **(environment or {})}, **options)
        _running.append(self.process)
        self.match = None
        self._ready = re.compile(ready) if ready else None
        listening = threading.Event()
        threading.Thread(target=self._read, args=(listening,), daemon=True).start()
        while time.perf_counter() - began < timeout and self.process.poll() is None:
            if ready and listening.wait(0.0005):
                break
            if not ready and _accepts(port):
                break
        else:
            sys.exit(f"bench: {' '.join(command)} did not start\n{self.output[-4000:]}")
        self.start_seconds = time.perf_counter() - began
        self.port = int(self.match.group(1)) if self.match and self.match.groups() else port

    def _read(self, listening):
        for line in self.process.stdout:
            self.output = (self.output + line)[-20_000:]
            if self._ready and not self.match:
                self.match = self._ready.search(line)
                if self.match:
                    listening.set()

    def stop(self, number=signal.SIGTERM, timeout=120):
        """The exit code; a server that does not end is an error."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            sys.exit(f"bench: {' '.join(self.command)} did not stop in {timeout} s\n{self.output[-4000:]}")
        _running.remove(self.process)
        return code


def _accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        time.sleep(0.01)
        return False
