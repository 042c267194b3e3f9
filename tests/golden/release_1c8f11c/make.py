#!/usr/bin/env python3
"""Makes the data folder of this golden release: every kind of event that 1c8f11c writes, driven over HTTP.

usage: make.py FLORIN_BINARY_OF_1c8f11c OUTPUT_FOLDER

Leaves OUTPUT_FOLDER/data (production and sandbox, stopped cleanly) and OUTPUT_FOLDER/expected.json (keys, balances and
trial balances as that binary tells them). Ends with an error when a kind of event is missing.
"""
import atexit
import json
import os
import re
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection

TOKEN = "a-token-for-the-golden-release"
KINDS = """GameCreated GameUpdated SdkKeyRotated IdentityRegistered PlayerJoined PlayerRenamed StartingBalanceGranted
BalanceCredited BalanceDebited ItemPurchased ItemRefunded PhoneRecorded PhoneVerified MinorFlagged MinorCleared
TransferInitiated PinReissued PinRejected PinVerified GuardianApproved TransferClaimed TransferReturned
PhoneShareRequested ShareCodeRejected PhoneShareEnded ReplyReceived TextSettled CheckoutOpened CurrencyOrdered
PaymentOpened PaymentChallenged CurrencyPurchased PaymentFailed RefundRequested RefundSettled DisputeOpened
DisputeClosed PayoutRequested PayoutAdvanced""".split()


class Server:
    def __init__(self, binary, data, stderr=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FLORIN_")}
        self.log = open(stderr, "w") if stderr else None
        self.process = subprocess.Popen([binary, "serve", "--data", data, "--listen", "127.0.0.1:0"], text=True,
                                        stdout=subprocess.PIPE, stderr=self.log,
                                        env=environment | {"FLORIN_ADMIN_TOKEN": TOKEN})
        atexit.register(self.process.kill)
        for line in self.process.stdout:
            if "listening on http://" in line:
                self.port = int(line.strip().rsplit(":", 1)[1])
                return
        sys.exit("the server did not start")

    def call_status(self, method, path, body=None, key=None):
        """(status, reply): the reply as JSON where it is JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"X-Game-Secret-Key": key} if key else {"Authorization": "Bearer " + TOKEN}
        raw = body if isinstance(body, str) else json.dumps(body) if body is not None else None
        kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
        connection.request(method, path, raw, headers | {"Content-Type": kind})
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        try:
            return reply.status, json.loads(text)
        except ValueError:
            return reply.status, text

    def call(self, method, path, body=None, key=None, expect=None):
        status, reply = self.call_status(method, path, body, key)
        if expect is not None and status != expect:
            sys.exit(f"{method} {path}: {status} instead of {expect}: {reply}")
        return reply

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            sys.exit("the server did not stop cleanly")


class Maker:
    def __init__(self, server, prefix):
        self.server, self.prefix, self.count = server, prefix, 0

    def id(self):
        self.count += 1
        return f"golden-{self.count}"

    def admin(self, method, path, body=None, expect=200):
        return self.server.call(method, self.prefix + "/admin" + path, body, None, expect)

    def api(self, game, path, body, expect=200):
        return self.server.call("POST", self.prefix + "/api" + path, body, game["sdk_key"], expect)

    def game(self, name, currencies):
        return self.admin("POST", "/games", {
            "game_name": name, "status": "live", "universal_transfers": "yes", "currencies": currencies,
            "item_fee_percentage": "5"}, 201)

    def credit(self, game, player, amount, name=None):
        body = {"client_request_id": self.id(), "player_email": player, "amount": amount, "reason": "golden"}
        if name:
            body["player_name"] = name
        return self.api(game, "/player-balances/credit", body)

    def buy(self, game, player, total, expect=200):
        return self.api(game, "/item-purchases/purchase-item", {
            "client_request_id": self.id(), "player_email": player, "item_id": "sword", "item_name": "Iron Sword",
            "item_quantity": 1, "unit_price": total, "total_price": total}, expect)

    def texts(self, phone):
        return self.admin("GET", "/phone/messages?phone=%2B" + phone[1:])["messages"]

    def text(self, phone, pattern, after=0):
        for _ in range(400):
            found = [m for m in (re.search(pattern, text["body"]) for text in self.texts(phone)[after:]) if m]
            if found:
                return found[-1].group(1)
            time.sleep(0.05)
        sys.exit(f"no text to {phone} like {pattern}")

    def jump(self, seconds):
        self.admin("POST", "/clock", {"advance_seconds": seconds})

    def send(self, game, target, sender, phone, receiver, receiver_phone, amount="10.00", expect=201):
        before = len(self.texts(phone))
        reply = self.api(game, "/currency-sends/initiate-send", {
            "client_request_id": self.id(), "sender_player_name": "Sender", "sender_player_email": sender,
            "sender_player_phone": phone, "receiver_player_email": receiver, "receiver_player_phone": receiver_phone,
            "receiving_game_id": target["game_id"], "amount": amount}, expect)
        if expect not in (201, 202):
            return reply, None
        return reply, self.text(phone, r"verification code is (\d{6})", before)

    def verify(self, game, transaction, pin, expect=200):
        return self.api(game, "/currency-sends/verify-sms", {"transaction_id": transaction, "sms_pin": pin}, expect)

    def claim(self, game, code, receiver, phone, expect=200):
        return self.api(game, "/currency-sends/claim-currency", {
            "claim_code": code, "receiver_player_name": "Receiver", "receiver_player_email": receiver,
            "receiver_player_phone": phone}, expect)

    def order(self, game, player, card, expect=200, usd="10.00"):
        return self.api(game, "/currency-purchases/purchase-currency", {
            "client_request_id": self.id(), "usd_amount": usd, "player_email": player, "payment_method_id": card}, expect)

    def until(self, what, done):
        for _ in range(400):
            if done():
                return
            time.sleep(0.05)
        sys.exit("it never happened: " + what)


def wrong(code):
    return str((int(code) + 1) % 1000000).zfill(6)


def production(maker):
    game = maker.game("Old Keep", [{"currency_name": "Crowns", "currency_symbol": "CR", "starting_amount": "25.00"}])
    for name in ("ada", "bob"):
        maker.credit(game, f"{name}@example.com", "100.00", name.title())
        maker.buy(game, f"{name}@example.com", "12.34")
    return [game]


def sandbox(maker):
    gold = maker.game("Adventure Quest", [
        {"currency_name": "Gold", "currency_symbol": "G", "starting_amount": "5.00", "minimum_transfer": "1.00"},
        {"currency_name": "Gems", "currency_symbol": "GM", "maximum_transfer": "500.00"}])
    space = maker.game("Space Warriors", [{"currency_name": "Credits", "currency_symbol": "CR"}])
    maker.admin("PATCH", f"/games/{space['game_id']}", {"genre": "strategy", "transfer_fee_percentage": "2.5"})
    space["sdk_key"] = maker.admin("POST", f"/games/{space['game_id']}/keys",
                                   {"client_request_id": maker.id()}, 201)["sdk_key"]
    ann, ben, cleo, dan, eve = (f"{name}@example.com" for name in ("ann", "ben", "cleo", "dan", "eve"))
    phones = {name: f"+4670123450{i}" for i, name in enumerate((ann, ben, cleo, dan, eve))}

    maker.credit(gold, ann, "1000.00", "Ann")
    maker.credit(gold, ann, "1.00", "Ann of Quest")
    maker.credit(gold, ben, "200.00", "Ben")
    maker.credit(gold, cleo, "300.00", "Cleo")
    maker.credit(space, dan, "50.00", "Dan")
    maker.api(gold, "/player-balances/debit", {"client_request_id": maker.id(), "player_email": ben, "amount": "20.00",
                                               "reason": "golden"})
    order = maker.buy(gold, ann, "150.00")
    maker.buy(gold, ben, "33.33")
    maker.api(gold, "/item-purchases/refund", {"client_request_id": maker.id(), "order_id": order["order_id"],
                                               "reason": "golden"})

    # A wrong PIN, a second PIN, claimed; one is left at the claim, one at the PIN, one is cancelled, one expires.
    reply, pin = maker.send(gold, space, ann, phones[ann], dan, phones[dan])
    maker.verify(gold, reply["transaction_id"], wrong(pin), 400)
    maker.jump(31)
    before = len(maker.texts(phones[ann]))
    maker.api(gold, "/currency-sends/resend-pin", {"transaction_id": reply["transaction_id"]})
    pin = maker.text(phones[ann], r"verification code is (\d{6})", before)
    code = maker.verify(gold, reply["transaction_id"], pin)["claim_code"]
    maker.claim(space, code, dan, phones[dan])
    reply, pin = maker.send(gold, space, ann, phones[ann], dan, phones[dan], "20.00")
    maker.api(gold, f"/currency-sends/{reply['transaction_id']}/cancel", {})
    reply, _ = maker.send(gold, space, ann, phones[ann], dan, phones[dan], "30.00")
    maker.jump(700)
    maker.until("the PIN expires", lambda: maker.server.call(
        "GET", f"/sandbox/api/currency-sends/{reply['transaction_id']}/status", None,
        gold["sdk_key"])["transaction_status"] == "expired")

    # A minor and a guardian.
    guardian = "+46701239999"
    maker.admin("PUT", f"/identities/by-email/{cleo}/minor", {"guardian_phone": guardian})
    reply, pin = maker.send(gold, space, cleo, phones[cleo], dan, phones[dan], "15.00", 202)
    maker.text(guardian, r"Reply YES (\d{6})")
    maker.admin("POST", "/phone/replies", {"from": guardian, "body": "YES"})
    maker.verify(gold, reply["transaction_id"], pin)  # left at the claim
    maker.admin("DELETE", f"/identities/by-email/{cleo}/minor")

    # A phone of somebody else.
    maker.credit(gold, eve, "40.00", "Eve")
    before = len(maker.texts(phones[ann]))
    shared, _ = maker.send(gold, space, eve, phones[ann], dan, phones[dan], "5.00", 409)
    otp = maker.text(phones[ann], r"approval code is (\d{6})", before)
    maker.api(gold, "/wallet/phone-share/approve", {"approval_id": shared["approval_id"], "otp": wrong(otp)}, 400)
    maker.api(gold, "/wallet/phone-share/approve", {"approval_id": shared["approval_id"], "otp": otp})
    maker.send(gold, gold, ben, phones[ben], ann, phones[ann], "7.00")  # left at the PIN

    # Cards.
    checkout = maker.api(gold, "/checkout/sessions", {"player_email": ben, "usd_amount": "10.00",
                                                      "metadata": {"cart": "7"}}, 201)
    query = checkout["checkout_url"].split("?", 1)[1]
    page = maker.server.call("POST", "/sandbox/checkout?" + query,
                             "card_number=4242+4242+4242+4242&exp=12+%2F+34&cvc=123")
    paid = maker.order(gold, ben, "pm_card_visa")
    maker.order(gold, ben, "pm_card_chargeDeclined", 402)
    asked = maker.order(gold, ben, "pm_card_threeDSecure2Required")
    query = asked["next_action"]["redirect_url"].split("?", 1)[1]
    maker.server.call("POST", "/sandbox/processor/challenge?" + query, "answer=complete")
    maker.api(gold, "/currency-purchases/refund", {"client_request_id": maker.id(), "order_id": paid["order_id"],
                                                   "usd_amount": "2.50", "reason": "golden"})
    won = maker.order(gold, ben, "pm_card_visa", usd="20.00")
    lost = maker.order(gold, ben, "pm_card_visa", usd="5.00")
    for payment, ends in ((won, ["open", "won"]), (lost, ["open", "lost"])):
        for end in ends:
            maker.admin("POST", "/processor/disputes", {"payment_intent_id": payment["payment_intent_id"],
                                                        "dispute_status": end})
            maker.jump(5)
    maker.order(gold, ben, "pm_card_createDispute", usd="3.00")

    # Payouts.
    def payout(usd):
        return maker.api(gold, "/withdrawals/request", {
            "client_request_id": maker.id(), "amount_usd": usd, "contact_email": "finance@studio.example",
            "bank": {"account_holder_name": "Studio Example LLC", "routing_number": "110000000",
                     "account_number": "000123456789", "account_type": "checking"}}, 201)["payout_id"]

    maker.buy(gold, ann, "500.00")
    first, second, _ = payout("10.00"), payout("5.00"), payout("1.00")
    maker.admin("POST", f"/payouts/{first}/approve")
    maker.admin("POST", f"/payouts/{first}/process")
    maker.admin("POST", f"/payouts/{second}/reject")
    return [gold, space]


def expectations(server, games_of):
    expected = {}
    for prefix, games in games_of.items():
        expected[prefix] = {"games": [], "streams": []}
        for game in games:
            expected[prefix]["games"].append({"game_id": game["game_id"], "sdk_key": game["sdk_key"]})
            lines = server.call("GET", prefix + "/api/player-balances/stream-all", None, game["sdk_key"])
            players = [json.loads(line) for line in lines.splitlines()[:-1]]
            expected[prefix]["streams"].append(sorted(players, key=lambda player: player["player_id"]))
    return expected


def main():
    binary, out = sys.argv[1:]
    data = os.path.join(out, "data")
    server = Server(binary, data)
    games = {"": production(Maker(server, "")), "/sandbox": sandbox(Maker(server, "/sandbox"))}
    time.sleep(3)  # texts and the processor's callbacks: what is late only makes fewer events
    server.stop()

    flags = {"": [], "/sandbox": ["--sandbox"]}
    kinds = set()
    for extra in flags.values():
        run = subprocess.run([binary, "log", "tail", "--data", data, "--json", "--from", "1", *extra],
                             capture_output=True, text=True, check=True)
        for line in run.stdout.splitlines():
            kinds.update(re.findall(r'"(?:type|event)": ?"([A-Za-z]+)"', line))
    if missing := set(KINDS) - kinds:
        sys.exit(f"kinds of events that are missing: {sorted(missing)}; found {sorted(kinds)}")

    server = Server(binary, data)  # an idle start: what the stopped folder says
    expected = expectations(server, games)
    server.stop()
    for prefix, extra in flags.items():
        with open(os.path.join(data, "sandbox" if extra else "production", "checkpoint")) as note:
            position = re.search(r"^position (\d+)$", note.read(), re.MULTILINE).group(1)
        run = subprocess.run([binary, "audit", "at", position, "--data", data, "--json", *extra], capture_output=True,
                             text=True, check=True)
        expected[prefix]["books"] = json.loads(run.stdout)
    with open(os.path.join(out, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main()
