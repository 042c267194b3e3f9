"""PostgreSQL 15 as a peer: a private cluster in a folder of its own, on a Unix socket, gone when the campaign ends."""

import os
import re
import shutil
import subprocess

from processes import LOAD_CORE, Server, run, scratch_folder

BIN = "/usr/lib/postgresql/15/bin"
HERE = os.path.dirname(os.path.abspath(__file__))


def available():
    return os.access(f"{BIN}/postgres", os.X_OK) and (os.geteuid() != 0 or shutil.which("runuser") is not None)


class Postgres:
    def __init__(self, parent, players):
        # Root may not run a server: then it is the user that Debian's package made.
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        folder = scratch_folder(parent, open_to_others=True)
        if self.user:
            shutil.chown(folder, "postgres")
        self.folder = folder
        data = f"{folder}/data"
        run([*self.user, f"{BIN}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"], 60,
            cwd="/")
        # Durable as by default; otherwise tuned as for a machine of its own: no checkpoint falls into a measurement.
        settings = {"listen_addresses": "", "unix_socket_directories": folder, "synchronous_commit": "on", "fsync": "on",
                    "shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h", "wal_buffers": "64MB",
                    "max_connections": "100", "jit": "off", "autovacuum": "off"}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.server = Server([*self.user, f"{BIN}/postgres", "-D", data, *arguments], ready="ready to accept connections",
                             cwd="/")
        self.players = players
        self._client("psql", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"players={players}",
                     "-f", self._script("purchase_schema.sql"), timeout=120)
        self.runs = 0

    def _script(self, name):
        """A copy that the cluster's user may read."""
        copy = f"{self.folder}/{name}"
        shutil.copyfile(f"{HERE}/{name}", copy)
        os.chmod(copy, 0o644)
        return copy

    def _client(self, program, *arguments, timeout):
        return run([*self.user, f"{BIN}/{program}", "-h", self.folder, "-U", "postgres", *arguments, "postgres"], timeout,
                   core=LOAD_CORE, cwd="/")

    def purchases_per_second(self, clients, seconds):
        self.runs += 1
        out = self._client("pgbench", "-n", "-M", "prepared", "-f", self._script("purchase.sql"), "-c", str(clients),
                           "-j", "1", "-T", str(seconds), "-D", f"players={self.players}", "-D", "counter=0",
                           "-D", f"run=r{self.runs}", timeout=seconds + 60)
        if not re.search(r"number of failed transactions: 0 ", out):
            raise SystemExit(f"bench: pgbench had failures\n{out}")
        return float(re.search(r"^tps = ([0-9.]+)", out, re.M).group(1))

    def stop(self):
        # runuser passes SIGTERM on, which is "smart"; the sessions are gone by now.
        subprocess.run([*self.user, f"{BIN}/pg_ctl", "-D", f"{self.folder}/data", "-m", "fast", "-w", "-t", "60", "stop"],
                       check=True, timeout=90, stdout=subprocess.DEVNULL, cwd="/")
        self.server.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)
