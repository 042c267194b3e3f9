#!/usr/bin/env python3
"""Transfers and sends, started, advanced, abandoned and raced, with kill -9 on the way.

Processes of clients (flow_clients.py) play whole flows against the sandbox: PINs from the twin phone, resends, wrong
PINs, cancels, claims, claims raced on two connections, guardians who say yes, no or nothing, people who share a phone.
Meanwhile the server is killed at random moments and started again, and the sandbox's clock jumps. When all have played,
the clock passes every expiry, and then must hold:

  every acknowledged transaction is there, and completed, failed, expired or cancelled, as far as it was acknowledged
  no claim was acknowledged twice, and every acknowledged claim is completed
  nothing is reserved; what players hold is what they were credited less the fees of what was completed
  `florin audit verify` passes; `florin audit at` shows no open transfer, nothing reserved, a trial balance of zero

usage: flow_campaign.py FLORIN_BINARY [--flows N] [--kills K] [--seed S] [--processes P]
"""
import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

import crash_campaign
import flow_clients

GAMES = [("Adventure Quest", "3.50"), ("Space Warriors", "3.50"), ("Free Town", "0.00"), ("Greedy Gulch", "8.25")]
JUMPS = (45, 300, 620, 930, 7200, 86460)  # seconds: short waits, the PIN's end, the guardian's, the claim's


class Server(crash_campaign.Server):
    """Comes back on the port that it had: the clients know one."""

    def start(self):
        environment = dict(os.environ, FLORIN_ADMIN_TOKEN=flow_clients.TOKEN)
        self.log = open(os.path.join(self.data, "server.log"), "a")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", os.path.join(self.data, "store"), "--listen", f"127.0.0.1:{self.port}",
             "--config", self.config], stdout=subprocess.PIPE, stderr=self.log, env=environment, text=True)
        for line in self.process.stdout:
            if "listening on http://" in line:
                self.port = int(line.strip().rsplit(":", 1)[1])
                return
        raise SystemExit("the server did not start; see " + self.log.name)


def call(port, method, path, body=None, headers=None, tries=1):
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json", **(headers or {})})
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, HTTPException) as error:
            tries -= 1
            if tries == 0:
                raise SystemExit(f"{method} {path}: {error}")
            time.sleep(0.1)
        finally:
            connection.close()


def operator(port, method, path, body=None):
    status, reply = call(port, method, "/sandbox/admin" + path, body,
                         {"Authorization": "Bearer " + flow_clients.TOKEN}, tries=50)
    if status not in (200, 201):
        raise SystemExit(f"{method} {path}: {status} {reply}")
    return json.loads(reply)


def make_games(port):
    return [operator(port, "POST", "/games",
                     {"game_name": name, "status": "live", "universal_transfers": "yes",
                      "transfer_fee_percentage": fee,
                      "currencies": [{"currency_name": name + " gold", "currency_symbol": "G"}]})
            for name, fee in GAMES]


def totals(port, games):
    """(available, reserved) of all players, in hundredths."""
    available = reserved = 0
    for game in games:
        status, text = call(port, "GET", "/sandbox/api/player-balances/stream-all", None,
                            {"X-Game-Secret-Key": game["sdk_key"]}, tries=10)
        trailer = json.loads(text.strip().rsplit(b"\n", 1)[-1]) if status == 200 else {}
        if not trailer.get("end"):
            raise SystemExit(f"stream-all was cut off: {status} {trailer}")
        available += flow_clients.cents(trailer["total_available"])
        reserved += flow_clients.cents(trailer["total_reserved"])
    return available, reserved


class Crew:
    def __init__(self, options, port, games, rng):
        people = max(48, min(6000, options.flows // 20))
        self.progress = multiprocessing.Value("q", 0)
        self.pipes, self.processes = [], []
        for number in range(options.processes):
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=flow_clients.serve, daemon=True, args=(
                theirs, number, options.processes, port, games, people, rng.random(), self.progress))
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)

    def order(self, *what):
        for pipe in self.pipes:
            pipe.send(what)

    def done(self):
        return all(pipe.poll() for pipe in self.pipes) or not all(process.is_alive() for process in self.processes)

    def results(self):
        try:
            return [pipe.recv() for pipe in self.pipes]
        except EOFError:
            raise SystemExit("a process of clients has died")

    def do(self, *what):
        self.order(*what)
        return self.results()

    def end(self):
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join()


def play(options, server, crew, rng):
    """The flows, with kills and jumps at random moments of their course."""
    share = options.flows // options.processes
    total = share * options.processes
    jumps = 6 + options.flows // 4000
    plan = sorted([(rng.uniform(0.02, 0.9) * total, "kill") for _ in range(options.kills)] +
                  [(rng.uniform(0.02, 0.9) * total, "jump") for _ in range(jumps)])
    crew.order("flows", share)
    began = shown = time.monotonic()
    while not crew.done():
        started = crew.progress.value
        if plan and started >= plan[0][0]:
            _, deed = plan.pop(0)
            time.sleep(rng.uniform(0, 0.05))
            if deed == "kill":
                server.kill()
                server.start()
            else:
                operator(server.port, "POST", "/clock", {"advance_seconds": rng.choice(JUMPS)})
        else:
            time.sleep(0.005)
        if time.monotonic() - shown > 15:
            shown = time.monotonic()
            print(f"{shown - began:.0f} s: {started} of {total} flows started", flush=True)
    if plan:
        print(f"{len(plan)} kills and jumps never came: the flows were done before")
    return crew.results(), total, jumps, time.monotonic() - began


def quiet_down(port, games):
    """Passes every expiry. What is still reserved then, and how often the clock had to jump."""
    for jump in range(1, 11):
        answer = operator(port, "POST", "/clock", {"advance_seconds": 90_000})
        deadline = time.monotonic() + 60
        while True:
            available, reserved = totals(port, games)
            if (reserved == 0 and answer["settled"]) or time.monotonic() > deadline:
                break
            time.sleep(0.2)
            answer = operator(port, "POST", "/clock", {"advance_seconds": 1})
        if reserved == 0:
            break
    return available, reserved, jump


def audit(binary, store):
    problems = []
    verify = subprocess.run([binary, "audit", "verify", "--sandbox", "--data", store], capture_output=True, text=True)
    if verify.returncode != 0:
        problems.append("audit verify: " + verify.stdout + verify.stderr)
    at = subprocess.run([binary, "audit", "at", "2999-01-01T00:00:00Z", "--sandbox", "--json", "--data", store],
                        capture_output=True, text=True)
    if at.returncode != 0:
        return problems + ["audit at: " + at.stdout + at.stderr], {}
    books = json.loads(at.stdout)
    if books["open_transfers"] != 0:
        problems.append(f"audit at: {books['open_transfers']} transfers are open")
    for row in books["trial_balance"]:
        if row["sum"] != "0.00" or row["player_reserved"] != "0.00":
            problems.append(f"audit at: {row}")
    return problems, books


def show(counts):
    for name in sorted(counts):
        print(f"  {name:45} {counts[name]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("florin")
    parser.add_argument("--flows", type=int, default=300)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}: {sys.argv[0]} FLORIN --flows {options.flows} --kills {options.kills} "
          f"--processes {options.processes} --seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    data = tempfile.mkdtemp(prefix="florin-flows-")
    server = Server(options.florin, data)
    server.start()
    began = time.monotonic()
    games = make_games(server.port)
    crew = Crew(options, server.port, games, rng)
    crew.do("set up")
    print(f"set up in {time.monotonic() - began:.1f} s", flush=True)
    results, flows, jumps, seconds = play(options, server, crew, rng)
    acknowledged = sum(result["records"] for result in results)
    print(f"{flows} flows in {seconds:.1f} s: {acknowledged} transactions, {options.kills} kills, {jumps} jumps",
          flush=True)
    available, reserved, passes = quiet_down(server.port, games)
    print(f"quiet after {passes} jumps of 25 hours", flush=True)
    results = crew.do("check")
    crew.end()

    counts = sum((result["counts"] for result in results), Counter())
    problems = [problem for result in results for problem in result["problems"]]
    credited = sum(result["credited"] for result in results)
    fees = counts["completed fees"]
    if reserved != 0:
        problems.append(f"{reserved} hundredths are still reserved")
    if available != credited - fees:
        problems.append(f"not conserved: {available} available, {credited} credited, {fees} fees")
    if server.kill(signal.SIGTERM) != 0:
        problems.append("the last stop was not clean")
    wrong, books = audit(options.florin, os.path.join(data, "store"))
    problems += wrong
    show(counts)
    print(f"in hundredths: {available} available + {reserved} reserved, {credited} credited - {fees} fees")
    if books:
        print(f"audit at {books['position']}: {books['open_transfers']} open transfers, sums "
              f"{sorted({row['sum'] for row in books['trial_balance']})}, reserved "
              f"{sorted({row['player_reserved'] for row in books['trial_balance']})}")
    for problem in problems[:20]:
        print("PROBLEM:", problem)
    bad = max(len(problems), counts["problems"])
    print(f"{flows} flows, {options.kills} kills, {acknowledged} transactions in "
          f"{time.monotonic() - began:.0f} s; {bad} problems")
    if bad:
        print("kept for inspection:", data)
        return 1
    shutil.rmtree(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
