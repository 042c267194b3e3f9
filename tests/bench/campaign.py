#!/usr/bin/env python3
"""The benchmark campaign: Florin against its yardsticks on the same cores, in one run.

The server under measurement has core 0, the load generator core 1. Baseline and product take turns (A B A B …), each
figure is the median of its turns, and only the ratios are worth carrying to another machine.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

import postgres
from florin import EMAIL, Florin, seed_offline
from processes import LOAD_CORE, SERVER_CORE, Server, bound_everything, free_port, run, scratch_folder

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = f"{ROOT}/build/release"
OUT = f"{ROOT}/build/bench"

# What the issues ask for: name of a ratio or figure, and its bound.
AT_LEAST = {"purchase, 64 connections / bare Beast": 0.35, "purchase, 64 connections / PostgreSQL": 3.0,
            "balance by e-mail / bare Beast": 0.6, "send, per call / bare Beast": 0.2, "replay": 1e6, "rebuild of history": 200e3}
AT_MOST = {"batch of 100,000": 250.0}


class Results:
    def __init__(self):
        self.rows, self.runs, self.skipped = [], {}, {}

    def note(self, name, value):
        self.runs.setdefault(name, []).append(value)
        print(f"  {name}: {shown(value)}", flush=True)

    def median(self, name):
        return statistics.median(self.runs[name])

    def figure(self, name, unit):
        self.rows.append({"name": name, "value": self.median(name), "unit": unit, "turns": len(self.runs[name])})

    def ratio(self, name, product, baseline):
        self.rows.append({"name": name, "value": round(self.median(product) / self.median(baseline), 3), "unit": "x",
                          "turns": min(len(self.runs[product]), len(self.runs[baseline]))})

    def skip(self, what, why):
        self.skipped[what] = why
        print(f"  skipped: {what}: {why}", flush=True)

    def table(self):
        for row in self.rows:
            if row["name"] in AT_LEAST:
                row["wanted"], row["met"] = f">= {shown(AT_LEAST[row['name']])}", row["value"] >= AT_LEAST[row["name"]]
            elif row["name"] in AT_MOST:
                row["wanted"], row["met"] = f"<= {shown(AT_MOST[row['name']])}", row["value"] <= AT_MOST[row["name"]]
        lines = [("figure", "median", "unit", "wanted", "")]
        for row in self.rows:
            verdict = {True: "met", False: "MISSED", None: ""}[row.get("met")]
            lines.append((row["name"], shown(row["value"]), row["unit"], row.get("wanted", ""), verdict))
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        print()
        for line in lines:
            print("  ".join(text.rjust(widths[i]) if i == 1 else text.ljust(widths[i]) for i, text in enumerate(line)).rstrip())
        for what, why in self.skipped.items():
            print(f"skipped: {what}: {why}")


def tool(name):
    """A built tool's path, or None."""
    return next((path for path in (f"{BUILD}/{name}", f"{BUILD}/tests/bench/{name}") if os.path.exists(path)), None)


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


class Campaign:
    def __init__(self, arguments):
        self.arguments = arguments
        self.results = Results()
        self.seconds = arguments.seconds
        self.turn = 0
        self.folder = scratch_folder(arguments.scratch)

    def wrk(self, url, connections, mode, key, players, product, seconds=None, run_id=None, more=()):
        """Runs one turn and returns wrk's summary. With `product`, a reply other than 2xx ends the campaign."""
        seconds = seconds or self.seconds
        self.turn += 1
        out = run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", f"{HERE}/load.lua", url, "--",
                   mode, key, str(players), run_id or f"{os.getpid()}-{self.turn}", *more], seconds + 60)
        summary = json.loads(out.strip().splitlines()[-1])
        summary["per_second"] = summary["requests"] / summary["seconds"]
        if product and (summary["failed"] or summary["socket_errors"] or not summary["requests"]):
            sys.exit(f"bench: {mode} had failures: {summary}")
        return summary

    def seed(self, florin, players):
        """Credits every player once through the API, with wrk walking through them in order."""
        began = time.perf_counter()
        done = 0
        while done < players:
            done += self.wrk(florin.url, 64, "credit", florin.key, players, True, seconds=1, run_id=str(done))["requests"]
            done += 80  # in flight when the second ended
        # The last requests of each second may not have been carried out: ask, and credit who is missing.
        emails = [EMAIL.format(n + 1) for n in range(players)]
        for begin in range(0, players, 100_000):
            _, data = florin.expect(200, "POST", "/api/player-balances/batch", {"player_emails": emails[begin:begin + 100_000]})
            for email in json.loads(data)["not_found"]:
                florin.expect(200, "POST", "/api/player-balances/credit", {
                    "client_request_id": f"seed-{email}", "player_email": email, "player_name": "Late", "amount": "1000000.00",
                    "reason": "seed"})
        print(f"  {players:,} players in {time.perf_counter() - began:.1f} s", flush=True)

    def against_baselines(self, florin, players):
        """purchase-item and by-email reads against bare Beast and nginx, with replies of the same size."""
        results = self.results
        _, sold = florin.expect(200, "POST", "/api/item-purchases/purchase-item", florin.purchase_body("size-1"))
        _, balance = florin.expect(200, "GET", "/api/player-balances/player/by-email/player1%40example.com")
        postgres_peer = None
        if self.arguments.peers and not postgres.available():
            results.skip("PostgreSQL", "postgresql-15 is not installed (apt install postgresql-15)")
        elif self.arguments.peers:
            postgres_peer = postgres.Postgres(self.arguments.scratch, players)
        beast_post = self.bare_beast(len(sold))
        beast_get = self.bare_beast(len(balance))
        nginx = self.nginx(len(balance))
        for _ in range(self.arguments.turns):
            for connections in (64, 256):
                name = f"{connections} connections"
                self.rate(f"bare Beast POST, {name}", beast_post, connections, "purchase", florin, players, False)
                self.rate(f"purchase, {name}", florin.server, connections, "purchase", florin, players, True)
            if postgres_peer:
                for clients in (16, 64):
                    results.note(f"PostgreSQL, {clients} clients", postgres_peer.purchases_per_second(clients, self.seconds))
            self.rate("bare Beast GET", beast_get, 64, "by-email", florin, players, False)
            self.rate("balance by e-mail", florin.server, 64, "by-email", florin, players, True)
            if nginx:
                self.rate("nginx static file", nginx, 64, "by-email", florin, players, False)
        if postgres_peer:
            postgres_peer.stop()
        for server in (beast_post, beast_get, nginx):
            if server:
                server.stop()

        for connections in (64, 256):
            name = f"{connections} connections"
            results.figure(f"purchase, {name}", "/s")
            results.figure(f"purchase, {name}, p99", "µs")
            results.figure(f"bare Beast POST, {name}", "/s")
            results.ratio(f"purchase, {name} / bare Beast", f"purchase, {name}", f"bare Beast POST, {name}")
        if postgres_peer:
            best = max((f"PostgreSQL, {clients} clients" for clients in (16, 64)), key=results.median)
            for clients in (16, 64):
                results.figure(f"PostgreSQL, {clients} clients", "/s")
            results.ratio("purchase, 64 connections / PostgreSQL", "purchase, 64 connections", best)
        results.figure("balance by e-mail", "/s")
        results.figure("balance by e-mail, p99", "µs")
        results.figure("bare Beast GET", "/s")
        results.ratio("balance by e-mail / bare Beast", "balance by e-mail", "bare Beast GET")
        if nginx:
            results.figure("nginx static file", "/s")
            results.ratio("balance by e-mail / nginx", "balance by e-mail", "nginx static file")

    def rate(self, name, server, connections, mode, florin, players, product):
        summary = self.wrk(f"http://127.0.0.1:{server.port}", connections, mode, florin.key, players, product)
        self.results.note(name, summary["per_second"])
        if product:
            self.results.note(f"{name}, p99", summary["p99_us"])

    def bare_beast(self, size):
        port = free_port()
        return Server([tool("bare_beast") or sys.exit("bench: no bare_beast in build/release: build it first"), "--port", str(port), "--bytes", str(size)], port=port)

    def nginx(self, size):
        binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if not binary:
            self.results.skip("nginx", "not installed (apt install nginx-light)")
            return None
        folder, port = f"{self.folder}/nginx", free_port()
        os.makedirs(f"{folder}/root")
        with open(f"{folder}/root/file", "wb") as out:
            out.write(b"x" * size)
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as out:
            if os.geteuid() == 0:
                out.write("user root;\n")  # its worker reads our folder
            out.write(f"""daemon off; worker_processes 1; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300; open_file_cache max=100; default_type application/json;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/root; location / {{ rewrite ^ /file break; }} }}
}}
""")
        return Server([binary, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr"], port=port)

    def reads(self, florin, players, label=""):
        results = self.results
        for _ in range(max(3, self.arguments.turns)):
            results.note(f"batch of 100,000{label}", florin.batch(100_000, players) * 1000)
            size, _, seconds = florin.stream()
            results.note(f"stream-all{label}", size / seconds / 1e6)
        results.figure(f"batch of 100,000{label}", "ms")
        results.figure(f"stream-all{label}", "MB/s")

    def views_and_restarts(self, florin, label=""):
        """Rebuild, start-up and replay; leaves the server stopped."""
        results = self.results
        for _ in range(self.arguments.turns):
            results.note(f"rebuild of history{label}", florin.rebuild("history"))
        florin.stop()
        for _ in range(self.arguments.turns):
            results.note(f"start-up{label}", florin.start() * 1000)
            florin.stop()
            replay = florin.replay()
            results.note(f"replay{label}", replay["events_per_second"])
        results.figure(f"rebuild of history{label}", "events/s")
        results.figure(f"replay{label}", "events/s")
        results.figure(f"start-up{label}", "ms")

    def small_store(self):
        players = self.arguments.players
        print(f"a store of {players:,} players", flush=True)
        florin = Florin(f"{BUILD}/florin", f"{self.folder}/small")
        florin.start()
        florin.create_game()
        self.seed(florin, players)
        florin.stop()
        bytes_before = florin.log_bytes()
        florin.start()
        head_before = florin.head()
        self.against_baselines(florin, players)
        events = florin.head() - head_before  # a purchase is one event
        florin.stop()
        self.results.note("bytes per purchase in the log", (florin.log_bytes() - bytes_before) / events)
        self.results.figure("bytes per purchase in the log", "bytes")
        florin.start()
        self.reads(florin, players)
        self.views_and_restarts(florin)
        florin.remove()

    def big_store(self):
        """The same purchase with millions of players and past requests, beside a small store in the same minutes."""
        players = self.arguments.big
        if players == 0:
            return
        seeder = tool("florin_seed")
        if not seeder:
            self.results.skip(f"{players:,} players", "no florin_seed in build/release")
            return
        print(f"a store of {players:,} players and purchases", flush=True)
        big = Florin(f"{BUILD}/florin", f"{self.folder}/big")
        big.key = seed_offline(seeder, big.data, players, players, timeout=self.arguments.deadline)
        label = f", {players:,} players"
        self.results.note(f"first start-up{label}", big.start(timeout=600) * 1000)
        big.await_views()
        small = Florin(f"{BUILD}/florin", f"{self.folder}/small-again")
        small.start()
        small.create_game()
        self.seed(small, self.arguments.players)
        small_name, big_name = f"purchase, {self.arguments.players:,} players", f"purchase{label}"
        for _ in range(self.arguments.turns):
            self.rate(small_name, small.server, 64, "purchase", small, self.arguments.players, True)
            self.rate(big_name, big.server, 64, "purchase", big, players, True)
        small.stop()
        small.remove()
        self.results.figure(small_name, "/s")
        self.results.figure(big_name, "/s")
        self.results.ratio(f"purchase, {players:,} / {self.arguments.players:,} players", big_name, small_name)
        self.reads(big, players, label)
        self.views_and_restarts(big, label)
        big.remove()

    def pending_sends(self):
        """Initiate, verify and claim of a send with a million others pending; the texts go to the sandbox's phone, on the
        server's core."""
        pending = self.arguments.pending
        if pending == 0:
            return
        seeder = tool("florin_seed")
        if not seeder:
            self.results.skip("pending sends", "no florin_seed in build/release")
            return
        players, connections = min(pending, 250_000), 64
        verifiable = self.arguments.turns * self.seconds * 60_000 + 10_000
        print(f"a store with {pending:,} sends that wait for their claim and {verifiable:,} for their PIN", flush=True)
        florin = Florin(f"{BUILD}/florin", f"{self.folder}/sends")
        codes = f"{self.folder}/codes"
        target, game = (json.loads(line) for line in run(
            [seeder, "--data", florin.data, "--sandbox", "--json", "--players", str(players), "--purchases", "0",
             "--claimable", str(pending), "--verifiable", str(verifiable), "--codes", codes],
            self.arguments.deadline).strip().splitlines()[-2:])
        self.results.note("start-up, pending sends", florin.start(timeout=600) * 1000)
        florin.key = game["sdk_key"]
        beast = self.bare_beast(900)
        offsets = {"verify": 0, "claim": 0}
        try:
            # Verifying first: the PINs are good for ten minutes.
            for mode, key in (("verify", game["sdk_key"]), ("initiate", game["sdk_key"]), ("claim", target["target_key"])):
                for turn in range(self.arguments.turns):
                    self.rate("bare Beast POST, sends", beast, connections, "purchase", florin, players, False)
                    more = ((target["target_game_id"], f"2.{turn:02}") if mode == "initiate"
                            else (codes, str(offsets[mode])))
                    summary = self.wrk(florin.url, connections, mode, key, players, True, more=more)
                    self.results.note(f"{mode} of a send", summary["per_second"])
                    self.results.note(f"{mode} of a send, p99", summary["p99_us"])
                    if mode in offsets:
                        offsets[mode] += summary["requests"] + 2 * connections  # some were on their way when it ended
        finally:
            beast.stop()
        results = self.results
        for mode in ("initiate", "verify", "claim"):
            results.figure(f"{mode} of a send", "/s")
            results.figure(f"{mode} of a send, p99", "µs")
        results.figure("bare Beast POST, sends", "/s")
        results.figure("start-up, pending sends", "ms")
        results.note("send, per call", 3 / sum(1 / results.median(f"{mode} of a send")
                                               for mode in ("initiate", "verify", "claim")))
        results.figure("send, per call", "/s")
        results.ratio("send, per call / bare Beast", "send, per call", "bare Beast POST, sends")
        florin.stop()
        florin.remove()

    def write(self):
        os.makedirs(OUT, exist_ok=True)
        commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
        cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                    if line.startswith("model name")), "unknown")
        report = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit.stdout.strip(),
                  "machine": {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release()},
                  "seconds_per_turn": self.seconds, "figures": self.results.rows, "turns": self.results.runs,
                  "skipped": self.results.skipped}
        with open(f"{OUT}/result.json", "w", encoding="utf-8") as out:
            json.dump(report, out, indent=1, ensure_ascii=False)
            out.write("\n")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="PostgreSQL 15 too, with the same purchase as a stored procedure")
    parser.add_argument("--seconds", type=int, default=8, help="length of a turn (8)")
    parser.add_argument("--turns", type=int, default=3, help="turns per figure (3)")
    parser.add_argument("--players", type=int, default=10_000, help="players of the small store (10000)")
    parser.add_argument("--big", type=int, default=5_000_000, help="players and past purchases of the big store (5000000); 0: none")
    parser.add_argument("--pending", type=int, default=1_000_000, help="sends that wait while others are made (1000000); 0: none")
    parser.add_argument("--only-sends", action="store_true", help="only the part with the pending sends")
    parser.add_argument("--quick", action="store_true", help="one turn of 2 s each, no big store: does everything run?")
    parser.add_argument("--deadline", type=int, default=5400, help="seconds after which everything is stopped (5400)")
    parser.add_argument("--scratch", default=OUT, help="folder for the stores, on the disk to measure (build/bench)")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seconds, arguments.turns, arguments.big, arguments.pending = 2, 1, 0, 150_000
    if not {int(SERVER_CORE), int(LOAD_CORE)} <= os.sched_getaffinity(0):
        sys.exit("bench: needs cores 0 and 1: one for the server, one for the load generator")
    for needed in ("wrk", "taskset", f"{BUILD}/florin"):
        if not shutil.which(needed):
            sys.exit(f"bench: no {needed} (scripts/setup installs what the campaign needs)")
    bound_everything(arguments.deadline)
    os.sched_setaffinity(0, {int(LOAD_CORE)})  # this process is a load generator too

    campaign = Campaign(arguments)
    if not arguments.only_sends:
        campaign.small_store()
        campaign.big_store()
    campaign.pending_sends()
    campaign.results.table()
    campaign.write()
    print(f"\nall turns: {os.path.relpath(OUT, os.getcwd())}/result.json")


if __name__ == "__main__":
    main()
