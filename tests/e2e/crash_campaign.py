#!/usr/bin/env python3
"""kill -9 in a loop against clients that keep their own journal.

Each cycle starts the server, lets clients credit and purchase through real sockets, and kills it with SIGKILL at a
random moment. After the restart every request whose answer never came is asked again with the same id. At the end the
histories are walked to their ends and compared with the journal:

  lost      acknowledged, but not in the history
  doubled   more than one transaction for one request id, or a transaction that no journal entry explains
  refused   reported refused, but in the history all the same

and the log must pass `florin audit verify`. Any of them, or a balance that is not the sum of its movements, fails.

usage: crash_campaign.py FLORIN_BINARY [--cycles N] [--seed S] [--clients K]
"""
import argparse
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal

PLAYERS = 24
TOKEN = "a-token-for-the-crash-campaign"


class Server:
    def __init__(self, binary, data):
        self.binary, self.data, self.process, self.port = binary, data, None, 0
        self.config = os.path.join(data, "florin.toml")
        with open(self.config, "w") as file:
            file.write("[limits]\nenabled = false\n")

    def start(self):
        environment = dict(os.environ, FLORIN_ADMIN_TOKEN=TOKEN)
        self.log = open(os.path.join(self.data, "server.log"), "a")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", os.path.join(self.data, "store"), "--listen", "127.0.0.1:0",
             "--config", self.config], stdout=subprocess.PIPE, stderr=self.log, env=environment, text=True)
        for line in self.process.stdout:
            if "listening on http://" in line:
                self.port = int(line.strip().rsplit(":", 1)[1])
                return
        raise SystemExit("the server did not start; see " + self.log.name)

    def kill(self, with_signal=signal.SIGKILL):
        self.process.send_signal(with_signal)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        return status


class Connection:
    """One keep-alive connection; any failure is reported as no answer."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def call(self, method, path, body=None, headers=None):
        try:
            self.http.request(method, path, json.dumps(body) if body is not None else None,
                              {"Content-Type": "application/json", **(headers or {})})
            reply = self.http.getresponse()
            return reply.status, json.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None, None


class Entry:
    __slots__ = ("path", "body", "state", "transaction")

    def __init__(self, path, body):
        self.path, self.body, self.state, self.transaction = path, body, "unknown", None


def make_request(rng, request_id):
    player = f"player{rng.randrange(PLAYERS)}@example.com"
    if rng.random() < 0.4:
        return Entry("/api/player-balances/credit",
                     {"client_request_id": request_id, "player_email": player,
                      "amount": f"{rng.randrange(1, 5000) / 100:.2f}", "reason": "campaign"})
    price, quantity = Decimal(rng.randrange(1, 3000)) / 100, rng.randrange(1, 4)
    return Entry("/api/item-purchases/purchase-item",
                 {"client_request_id": request_id, "player_email": player, "item_id": "sword", "item_name": "Sword",
                  "item_quantity": quantity, "unit_price": f"{price:.2f}", "total_price": f"{price * quantity:.2f}"})


def settle(entry, status, reply):
    """What an answer says about the entry. Contradictions end the campaign."""
    if status == 200:
        state, transaction = "done", reply["transaction_id"]
    elif status == 409 and reply["error_code"] == "DUPLICATE_REQUEST":
        state, transaction = "done", reply["transaction_id"]
    elif status is None or status == 503:
        return
    elif status == 400 and reply["error_code"] == "INSUFFICIENT_BALANCE":
        state, transaction = "refused", None
    else:
        raise SystemExit(f"unexpected answer {status}: {reply}")
    if entry.state == "done" and (state, transaction) != ("done", entry.transaction):
        raise SystemExit(f"LOST: acknowledged as {entry.transaction}, now answered {status} {transaction}")
    entry.state, entry.transaction = state, transaction


def client(port, headers, rng, prefix, journal, stop):
    connection, number = Connection(port), 0
    while not stop.is_set():
        number += 1
        entry = make_request(rng, f"{prefix}-{number}")
        journal.append(entry)
        status, reply = connection.call("POST", entry.path, entry.body, headers)
        settle(entry, status, reply)
        if status is None:
            return


def check_histories(port, headers, journal, position):
    connection, problems = Connection(port), []
    by_transaction, refused = {}, 0
    for entry in journal:
        if entry.state == "done":
            if entry.transaction in by_transaction:
                problems.append(f"DOUBLED id: {entry.transaction} answers two request ids")
            by_transaction[entry.transaction] = entry
        elif entry.state == "refused":
            refused += 1
        else:
            problems.append(f"unsettled request {entry.body['client_request_id']}")
    seen = set()
    for number in range(PLAYERS):
        email, cursor, total = f"player{number}@example.com", None, Decimal(0)
        status, balance = connection.call("GET", f"/api/player-balances/player/by-email/{email}", None, headers)
        if status == 404:
            continue
        while True:
            path = f"/api/player-balances/player/by-email/{email}/history?limit=100"
            if cursor:
                path += f"&cursor={cursor}"
            status, page = connection.call("GET", path, None,
                                           {**headers, "Florin-Min-Position": str(position)})
            if status != 200:
                raise SystemExit(f"history answered {status}: {page}")
            for row in page["history"]:
                total += Decimal(row["amount"])
                if row["transaction_id"] in seen:
                    problems.append(f"DOUBLED: {row['transaction_id']} stands twice")
                seen.add(row["transaction_id"])
                if row["transaction_id"] not in by_transaction:
                    problems.append(f"DOUBLED or refused: nothing explains {row['transaction_id']}")
            if not page["pagination"]["has_more"]:
                break
            cursor = page["pagination"]["next_cursor"]
        available = Decimal(balance["balances"][0]["available_balance"])
        if available != total or available < 0:
            problems.append(f"balance {available} of {email} is not the sum {total} of its movements")
    for transaction in by_transaction.keys() - seen:
        problems.append(f"LOST: {transaction} was acknowledged")
    return problems, len(by_transaction), refused


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("florin")
    parser.add_argument("--cycles", type=int, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}: {sys.argv[0]} FLORIN --cycles {options.cycles} --seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    data = tempfile.mkdtemp(prefix="florin-crash-")
    server = Server(options.florin, data)
    server.start()
    status, game = Connection(server.port).call(
        "POST", "/admin/games", {"game_name": "Campaign", "status": "live",
                                 "currencies": [{"currency_name": "Gold", "currency_symbol": "G"}]},
        {"Authorization": "Bearer " + TOKEN})
    if status != 201:
        raise SystemExit(f"cannot create the game: {status} {game}")
    headers = {"X-Game-Secret-Key": game["sdk_key"]}

    journal, in_doubt = [], 0
    for cycle in range(options.cycles):
        stop, threads, journals = threading.Event(), [], []
        for number in range(options.clients):
            journals.append([])
            threads.append(threading.Thread(target=client, args=(
                server.port, headers, random.Random(rng.random()), f"c{cycle}-{number}", journals[-1], stop)))
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.02, 0.4))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        server.start()
        connection = Connection(server.port)
        for entries in journals:
            for entry in entries:
                # In doubt: ask again. Settled: some are asked again, to see that the answer stays what it was.
                if entry.state == "unknown":
                    in_doubt += 1
                    settle(entry, *connection.call("POST", entry.path, entry.body, headers))
                elif entry.state == "done" and rng.random() < 0.05:
                    settle(entry, *connection.call("POST", entry.path, entry.body, headers))
            journal.extend(entries)
        if (cycle + 1) % 20 == 0 or cycle + 1 == options.cycles:
            print(f"cycle {cycle + 1}/{options.cycles}: {len(journal)} requests, {in_doubt} were in doubt", flush=True)

    # The view must have seen the last commit: ask for the position of a last write.
    last = Entry("/api/player-balances/credit", {"client_request_id": "last", "player_email": "player0@example.com",
                                                 "amount": "0.01", "reason": "last"})
    journal.append(last)
    connection = Connection(server.port)
    connection.http.request("POST", last.path, json.dumps(last.body), {"Content-Type": "application/json", **headers})
    reply = connection.http.getresponse()
    position = int(reply.getheader("Florin-Position"))
    settle(last, reply.status, json.loads(reply.read()))

    problems, done, refused = check_histories(server.port, headers, journal, position)
    if server.kill(signal.SIGTERM) != 0:
        problems.append("the last stop was not clean")
    verify = subprocess.run([options.florin, "audit", "verify", "--data", os.path.join(data, "store")],
                            capture_output=True, text=True)
    if verify.returncode != 0:
        problems.append("audit verify: " + verify.stdout + verify.stderr)
    for problem in problems[:20]:
        print(problem)
    print(f"{options.cycles} kills, {len(journal)} requests: {done} done, {refused} refused, {in_doubt} were in doubt; "
          f"{len(problems)} problems")
    if problems:
        print("kept for inspection:", data)
        return 1
    shutil.rmtree(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
