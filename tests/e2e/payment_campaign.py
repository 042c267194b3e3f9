#!/usr/bin/env python3
"""Purchases of currency against the sandbox's processor, with faults and kill -9 on the way.

Clients buy with cards that succeed, are declined or are disputed, refund parts, dispute what they paid and win or lose,
and lose what they won: no end of a dispute is final, parts come back, are taken again, and fees come late;
the processor times out before and after its effects, loses, doubles and delays its callbacks; the server is killed at
random moments and started again.
When all is quiet must hold:

  no payment is open; every paid order is credited once and every other not at all
  card_clearing is what the processor's own statement says that it holds, to the cent; refunds in flight are zero
  `florin audit verify` passes, the trial balance is zero

usage: payment_campaign.py FLORIN_BINARY [--purchases N] [--kills K] [--seed S] [--faults PERCENT]
"""
import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

import flow_campaign
import flow_clients

METHODS = ["pm_card_visa"] * 16 + ["pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds",
                                   "pm_card_createDispute", "pm_card_threeDSecure2Required"]
# What may come after a dispute was opened, in any order.
WORDS = ["won", "won", "lost", "lost", "withdrawal", "reinstatement", "fee", "fee_refund"]
OPERATOR = {"Authorization": "Bearer " + flow_clients.TOKEN}
PLAYERS = 200
CLIENTS = 8


def cents(text):
    return int(text.replace(".", ""))


class Buyer(threading.Thread):
    def __init__(self, number, port, key, count, seed, counts):
        super().__init__()
        self.number, self.port, self.key, self.count, self.counts = number, port, key, count, counts
        self.rng = random.Random(seed * 1000 + number)
        self.connection = None

    def post(self, path, body, key=None):
        """Until there is an answer that says what came of it."""
        headers = {"Content-Type": "application/json"} | (key or {"X-Game-Secret-Key": self.key})
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                if self.connection is None:
                    self.connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
                self.connection.request("POST", "/sandbox" + path, json.dumps(body), headers)
                reply = self.connection.getresponse()
                status, text = reply.status, json.loads(reply.read())
                if status not in (429, 503):
                    return status, text
            except (OSError, HTTPException, ValueError):
                self.connection = None
            time.sleep(0.05)
        return 0, {}

    def run(self):
        for i in range(self.count):
            usd = f"{self.rng.randint(50, 99999) / 100:.2f}"
            status, reply = self.post("/api/currency-purchases/purchase-currency", {
                "client_request_id": f"buy-{self.number}-{i}", "usd_amount": usd,
                "player_email": f"p{self.rng.randrange(PLAYERS)}@example.com",
                "payment_method_id": self.rng.choice(METHODS)})
            what = reply.get("status") if status in (200, 202) else reply.get("error_code", "none")
            self.counts[f"purchase {status} {what}"] += 1
            if status == 200 and what == "success" and self.rng.random() < 0.1:
                status, reply = self.post("/api/currency-purchases/refund", {
                    "client_request_id": f"back-{self.number}-{i}", "order_id": reply["order_id"], "reason": "campaign",
                    "usd_amount": "0.25"})
                self.counts[f"refund {status} {reply.get('error_code', 'ok')}"] += 1
            elif status == 200 and what == "success" and self.rng.random() < 0.1:
                for said in ["open"] + self.rng.choices(WORDS, k=self.rng.randint(1, 6)):
                    word = {"dispute_status": said} if said in ("open", "won", "lost") else {
                        "movement": said, "usd_amount": f"0.{self.rng.randint(1, 50):02}"}
                    status, _ = self.post("/admin/processor/disputes", {
                        "payment_intent_id": reply["payment_intent_id"]} | word, OPERATOR)
                    self.counts[f"dispute {said} {status}"] += 1
                    if self.rng.random() < 0.5:
                        time.sleep(self.rng.random() / 20)  # heard of before the next one, or together with it


def settle(port):
    """Past every challenge, until nothing is under way and the processor's callbacks are through."""
    flow_campaign.operator(port, "POST", "/processor/faults", {})
    statement = None
    for _ in range(120):
        flow_campaign.operator(port, "POST", "/clock", {"advance_seconds": 1000})
        time.sleep(0.5)
        again = flow_campaign.operator(port, "GET", "/processor/statement")
        if again == statement:
            return statement
        statement = again
    return statement


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("florin")
    parser.add_argument("--purchases", type=int, default=400)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=5)
    options = parser.parse_args()
    began = time.monotonic()
    data = tempfile.mkdtemp(prefix="florin-payments-")
    server = flow_campaign.Server(options.florin, data)
    server.start()
    game = flow_campaign.operator(server.port, "POST", "/games", {
        "game_name": "Gold", "status": "live", "universal_transfers": "yes",
        "currencies": [{"currency_name": "Gold", "currency_symbol": "G"}]})
    faults = {name: options.faults for name in ("timeout_before", "timeout_after", "lost_callback", "doubled_callback",
                                                "late_callback", "refused_connection")}
    flow_campaign.operator(server.port, "POST", "/processor/faults", faults)
    counts = Counter()
    buyers = [Buyer(n, server.port, game["sdk_key"], options.purchases // CLIENTS, options.seed, counts)
              for n in range(CLIENTS)]
    for buyer in buyers:
        buyer.start()
    rng = random.Random(options.seed)
    kills = 0
    wanted = options.purchases // CLIENTS * CLIENTS
    while any(buyer.is_alive() for buyer in buyers):
        time.sleep(0.1)
        done = sum(n for name, n in counts.items() if name.startswith("purchase"))
        if kills < options.kills and done >= wanted * (kills + rng.random()) / (options.kills + 1):
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait()
            server.start()
            flow_campaign.operator(server.port, "POST", "/processor/faults", faults)
            kills += 1
    for buyer in buyers:
        buyer.join()
    statement = settle(server.port)
    server.process.send_signal(signal.SIGTERM)
    server.process.wait()
    problems, books = flow_campaign.audit(options.florin, os.path.join(data, "store"))
    row = books["trial_balance"][0]
    if books["open_payments"] != 0:
        problems.append(f"{books['open_payments']} payments are open")
    if row["refunds_in_flight"] != "0.00":
        problems.append(f"refunds in flight: {row['refunds_in_flight']}")
    # Units are tenths of a dollar: ten times as many.
    moved = sum(n for name, n in counts.items() if name.startswith("dispute ") and name.endswith(" 200"))
    if options.purchases >= 400 and moved < 20:
        problems.append(f"only {moved} words about disputes: this campaign says nothing of them")
    if -cents(row["card_clearing"]) != 10 * cents(statement["usd_balance"]):
        problems.append(f"card_clearing {row['card_clearing']} is not the statement's {statement['usd_balance']}")
    credited = 10 * (cents(statement["usd_charged"]) - cents(statement["usd_refunded"]) - cents(statement["usd_disputed"]))
    if cents(row["player_available"]) != credited:
        problems.append(f"players hold {row['player_available']}, charged and kept were {credited} hundredths")
    for name in sorted(counts):
        print(f"  {name:45} {counts[name]}")
    print(f"statement: {statement['charges']} charges, {statement['usd_charged']} charged, disputes open "
          f"{statement['disputes_open']}, won {statement['disputes_won']}, lost {statement['disputes_lost']}, balance "
          f"{statement['usd_balance']}; card_clearing {row['card_clearing']}")
    for problem in problems[:20]:
        print("PROBLEM:", problem)
    print(f"{wanted} purchases, {kills} kills in {time.monotonic() - began:.0f} s; {len(problems)} problems")
    if problems:
        print("kept for inspection:", data)
        return 1
    shutil.rmtree(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
