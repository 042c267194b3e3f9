"""The clients of flow_campaign.py: one process with many connections and one generator a flow.

A flow yields the requests that it wants answered at the same moment (two of them race on two connections) and gets
their answers, or yields a number of seconds to wait. An answer of (None, None) means that the connection broke: nobody
knows what became of the request. Sockets are read and written by hand: a client that costs as much as the server would
measure itself.
"""
import heapq
import json
import random
import re
import selectors
import socket
import time
from collections import Counter

TOKEN = "a-token-for-the-flow-campaign"
SLOTS = 48  # flows at once in a process, at most
BODY = {"Content-Type": "application/json"}
PIN = re.compile(r"verification code is (\d{6})\.")
OTP = re.compile(r"approval code is (\d{6})\.")
CLAIM = re.compile(r"claim code in .* is ([0-9A-Z-]+)\.")
FLAVOURS = {
    "transfer": dict(base="/transfers", initiate="/initiate-transfer", claim="/claim-transfer", sender="source_player",
                     receiver="target_player", target="target_game_id", details="transfer_details"),
    "send": dict(base="/currency-sends", initiate="/initiate-send", claim="/claim-currency", sender="sender_player",
                 receiver="receiver_player", target="receiving_game_id", details="send_details"),
}
# What a call about a transaction may be told when the clock, a kill or somebody else came first.
ENDED = {"PIN_EXPIRED", "TRANSACTION_CLOSED", "PIN_ATTEMPTS_EXCEEDED"}
FINAL = {"completed", "failed", "expired", "cancelled"}


def cents(text):
    whole, part = text.split(".")
    return int(whole) * 100 + int(part)


class Person:
    """A player of every game. Two in twelve share a phone with their neighbour."""
    __slots__ = ("number", "email", "phone", "guardian", "unguarded", "busy", "pin_seen")

    def __init__(self, number):
        self.number, self.email = number, f"player{number}@example.com"
        self.phone = f"+4670{1_000_000 + (number - 1 if number % 12 == 1 else number)}"
        self.guardian = f"+4680{1_000_000 + number}" if number % 11 == 5 else None
        self.unguarded = number % 97 == 50  # a minor whom nobody can approve
        self.busy, self.pin_seen = False, None


class Record:
    """What the client knows of one acknowledged transaction."""
    __slots__ = ("id", "flavour", "game", "fee", "amount", "claims", "asked", "end")

    def __init__(self, id, flavour, game, amount, fee):
        self.id, self.flavour, self.game, self.amount, self.fee = id, flavour, game, amount, fee
        self.claims, self.asked, self.end = 0, False, None  # end: a status that was acknowledged


class Connection:
    def __init__(self, slot, index):
        self.slot, self.index, self.socket, self.buffer = slot, index, None, bytearray()
        self.asked = False

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None
        self.buffer.clear()

    def reply(self):
        """The whole reply that stands in the buffer, else None."""
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return None
        top = bytes(self.buffer[:head]).lower()
        at = top.index(b"content-length:") + 15
        end = top.find(b"\r", at)
        length = int(top[at:end if end >= 0 else len(top)])
        if len(self.buffer) < head + 4 + length:
            return None
        text = bytes(self.buffer[head + 4:head + 4 + length])
        del self.buffer[:head + 4 + length]
        return int(top[9:12]), json.loads(text)


class Slot:
    def __init__(self, number):
        self.number, self.flow, self.answers, self.waiting = number, None, [], 0
        self.connections = [Connection(self, 0), Connection(self, 1)]


class Clients:
    def __init__(self, number, processes, port, games, people, seed, progress):
        self.number, self.port, self.games, self.progress = number, port, games, progress
        self.rng = random.Random(seed)
        # Neighbours may share a phone, so they belong to one process, which knows whose PIN a phone shows.
        self.people = [Person(n) for n in range(people) if n // 12 % processes == number]
        self.by_phone = {}
        for person in self.people:
            self.by_phone.setdefault(person.phone, []).append(person)
        self.records, self.counts, self.problems = [], Counter(), []
        self.credited = 0
        self.next_jump = 0.0
        self.selector = selectors.EpollSelector()
        self.sleeping, self.order = [], 0
        self.headers = {"admin": f"Authorization: Bearer {TOKEN}\r\n"}
        for index, game in enumerate(games):
            self.headers[index] = f"X-Game-Secret-Key: {game['sdk_key']}\r\n"

    def problem(self, text):
        if len(self.problems) < 20:
            self.problems.append(text)
        self.counts["problems"] += 1

    # ---- the loop ------------------------------------------------------------------------------------------------

    def run(self, flows, at_once=SLOTS):
        """Until every flow of the iterator has ended."""
        flows = iter(flows)
        slots = [Slot(n) for n in range(at_once)]
        live = 0
        for slot in slots:
            live += self.next_flow(slot, flows)
        while live:
            now = time.monotonic()
            while self.sleeping and self.sleeping[0][0] <= now:
                _, _, slot, value = heapq.heappop(self.sleeping)
                live += self.advance(slot, value, flows)
            timeout = max(0.0, self.sleeping[0][0] - now) if self.sleeping else 30.0
            ready = self.selector.select(timeout)
            if not ready and not self.sleeping and live:
                raise SystemExit("no answer within 30 seconds")
            for key, _ in ready:
                connection = key.data
                try:
                    piece = connection.socket.recv(65536)
                except OSError:
                    piece = b""
                if piece:
                    connection.buffer += piece
                    answer = connection.reply()
                    if answer is None:
                        continue
                else:
                    self.drop(connection)
                    if not connection.asked:
                        continue
                    answer = (None, None)
                live += self.answered(connection, answer, flows)
        for slot in slots:
            for connection in slot.connections:
                if connection.socket is not None:
                    self.drop(connection)

    def next_flow(self, slot, flows):
        slot.flow = next(flows, None)
        if slot.flow is None:
            return 0
        self.sleep(slot, 0.0, None)
        return 1

    def sleep(self, slot, seconds, value):
        self.order += 1
        heapq.heappush(self.sleeping, (time.monotonic() + seconds, self.order, slot, value))

    def drop(self, connection):
        if connection.socket is not None:
            self.selector.unregister(connection.socket)
        connection.close()

    def answered(self, connection, answer, flows):
        slot = connection.slot
        connection.asked = False
        slot.answers[connection.index] = answer
        slot.waiting -= 1
        return self.advance(slot, slot.answers, flows) if slot.waiting == 0 else 0

    def advance(self, slot, value, flows):
        """One step of the slot's flow. -1 when there is nothing more for the slot to do."""
        try:
            wanted = slot.flow.send(value)
        except StopIteration:
            return self.next_flow(slot, flows) - 1
        if isinstance(wanted, float):
            self.sleep(slot, wanted, None)
            return 0
        slot.answers, slot.waiting = [(None, None)] * len(wanted), len(wanted)
        for index, request in enumerate(wanted):
            if not self.ask(slot.connections[index], request):
                slot.waiting -= 1
        if slot.waiting == 0:
            self.sleep(slot, 0.05, slot.answers)
        return 0

    def ask(self, connection, request):
        method, path, key, body = request
        text = b"" if body is None else json.dumps(body).encode()
        head = (f"{method} {path} HTTP/1.1\r\nHost: florin\r\nContent-Type: application/json\r\n"
                f"{self.headers[key]}Content-Length: {len(text)}\r\n\r\n")
        try:
            if connection.socket is None:
                connection.socket = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.socket.sendall(head.encode() + text)
            connection.asked = True
            return True
        except OSError:
            self.drop(connection)
            return False

    # ---- requests ------------------------------------------------------------------------------------------------

    def call(self, method, path, key, body=None):
        """Asks until there is a definite answer: (status, reply, whether an earlier answer was lost)."""
        doubt, tries = False, 0
        while True:
            (status, reply), = yield [(method, path, key, body)]
            if status is not None and status != 503 and status < 500:
                self.counts["calls"] += 1
                return status, reply, doubt
            if status is not None and status != 503:
                self.problem(f"{method} {path}: {status} {reply}")
                return status, reply, doubt
            doubt, tries = True, tries + 1
            self.counts["in doubt" if status is None else "503 " + reply["error_code"]] += 1
            if tries > 1200:
                raise SystemExit(f"no definite answer to {method} {path}: {status} {reply}")
            yield 0.05

    def api(self, flavour, path):
        return "/sandbox/api" + FLAVOURS[flavour]["base"] + path

    def expect(self, what, status, reply, allowed):
        """Counts what a call was told; anything not allowed is a problem."""
        told = reply.get("error_code") or reply.get("status")
        self.counts[f"{what}: {told}"] += 1
        if told not in allowed:
            self.problem(f"{what}: {status} {json.dumps(reply)[:400]}")
        return told

    def texts(self, phone, pattern):
        """(id, code) of the texts on a phone that hold such a code, oldest first."""
        status, reply, _ = yield from self.call("GET", "/sandbox/admin/phone/messages?phone=%2B" + phone[1:], "admin")
        if status != 200:
            self.problem(f"messages: {status} {reply}")
            return []
        found = ((text["id"], pattern.search(text["body"])) for text in reply["messages"])
        return [(id, match.group(1)) for id, match in found if match]

    def reply_by_text(self, phone, body):
        status, reply, _ = yield from self.call("POST", "/sandbox/admin/phone/replies", "admin",
                                                {"from": phone, "body": body})
        if status != 200 or reply["webhook_status"] not in (200, 503):
            self.problem(f"reply by text: {status} {reply}")

    def jump(self, seconds):
        """Puts the clock forward, once for all flows that wait for the same. Twice when the answer is lost: so what."""
        now = time.monotonic()
        if now < self.next_jump:
            yield 0.05
            return
        self.next_jump = now + 2
        self.counts["clock put forward by a client"] += 1
        yield from self.call("POST", "/sandbox/admin/clock", "admin", {"advance_seconds": seconds})

    # ---- before the flows ----------------------------------------------------------------------------------------

    def setups(self):
        for person in self.people:
            yield self.set_up(person)

    def set_up(self, person):
        for index in range(len(self.games)):
            status, reply, _ = yield from self.call(
                "POST", "/sandbox/api/player-balances/credit", index,
                {"client_request_id": f"start-{person.number}", "player_email": person.email, "amount": "50000.00",
                 "reason": "campaign"})
            if status not in (200, 409):
                self.problem(f"credit: {status} {reply}")
            self.credited += 5_000_000
        if person.guardian or person.unguarded:
            body = {"guardian_phone": person.guardian} if person.guardian else {}
            status, reply, _ = yield from self.call(
                "PUT", f"/sandbox/admin/identities/by-email/{person.email}/minor", "admin", body)
            if status != 200:
                self.problem(f"minor: {status} {reply}")

    # ---- a flow --------------------------------------------------------------------------------------------------

    def flows(self, count):
        for number in range(count):
            yield self.flow(f"flow-{self.number}-{number}")
            with self.progress.get_lock():
                self.progress.value += 1

    def flow(self, request_id):
        while True:
            sender = self.rng.choice(self.people)
            sharers = self.by_phone[sender.phone]
            if not any(person.busy for person in sharers):
                break
            yield 0.01
        sender.busy = True
        try:
            yield from self.live(request_id, sender)
        finally:
            sender.busy = False

    def live(self, request_id, sender):
        rng = self.rng
        flavour = rng.choice(("transfer", "send"))
        source = rng.randrange(len(self.games))
        target = rng.randrange(len(self.games))
        receiver = sender if flavour == "transfer" else rng.choice(self.people)
        if target == source and (flavour == "transfer" or receiver is sender):
            target = (source + 1) % len(self.games)
        record, held = yield from self.initiate(request_id, flavour, source, target, sender, receiver)
        if record is None:
            return
        self.records.append(record)
        fate = rng.random()
        if fate < 0.10:
            self.counts["left at the PIN"] += 1
            return
        if fate < 0.16:
            yield from self.cancel(record)
            return
        if held and not (yield from self.ask_guardian(record, sender)):
            return
        if rng.random() < 0.03:
            yield from self.resend(record)
        wrong = 3 if fate < 0.20 else 1 if fate < 0.25 else 0
        code = yield from self.verify(record, sender, wrong, held)
        if code is None:
            return
        if rng.random() < 0.05:
            shown = yield from self.texts(receiver.phone, CLAIM)
            self.counts["claim codes found on the phone" if code in [c for _, c in shown] else
                        "claim codes not on the phone"] += 1
        if fate > 0.90:
            self.counts["left at the claim"] += 1
            return
        yield from self.claim(record, target, receiver, code)

    def initiate(self, request_id, flavour, source, target, sender, receiver):
        words = FLAVOURS[flavour]
        amount = self.rng.randrange(1, 3000)
        asked = 0
        while True:
            body = {"client_request_id": request_id, words["sender"] + "_name": "Sender",
                    words["sender"] + "_email": sender.email, words["sender"] + "_phone": sender.phone,
                    words["receiver"] + "_email": receiver.email, words["receiver"] + "_phone": receiver.phone,
                    words["target"]: self.games[target]["game_id"], "amount": f"{amount / 100:.2f}"}
            status, reply, doubt = yield from self.call("POST", self.api(flavour, words["initiate"]), source, body)
            told = self.expect("initiate", status, reply, {
                "success", "pending_guardian_approval", "DUPLICATE_REQUEST", "DUPLICATE_TRANSFER",
                "PHONE_SHARE_APPROVAL_REQUIRED", "GUARDIAN_REQUIRED", "INSUFFICIENT_BALANCE"})
            if told == "DUPLICATE_REQUEST":
                if not doubt:
                    self.problem(f"initiate {request_id}: a duplicate of nothing")
                reply = reply["original"]
            if status in (201, 202) or told == "DUPLICATE_REQUEST":
                fees = reply["fee_breakdown"]
                if cents(fees["total_fee"]) + cents(fees["net_amount"]) != amount:
                    self.problem(f"initiate {request_id}: fees {fees} of {amount}")
                record = Record(reply["transaction_id"], flavour, source, amount, cents(fees["total_fee"]))
                return record, reply["status"] == "pending_guardian_approval"
            if told == "DUPLICATE_TRANSFER":
                amount = self.rng.randrange(1, 3000)
                continue
            if told != "PHONE_SHARE_APPROVAL_REQUIRED" or asked == 3:
                return None, False
            asked += 1
            if not (yield from self.share(reply, source)):
                return None, False

    def share(self, reply, game):
        """Somebody else's phone: its owner answers. True when asking again makes sense."""
        way = self.rng.random()
        phone, approval = reply["phone"], reply.get("approval_id")
        if approval is None or way < 0.15:
            self.counts["phone shares not answered"] += 1
            return False
        found = yield from self.texts(phone, OTP)
        if way < 0.5 or not found:
            yield from self.reply_by_text(phone, "NO" if way < 0.2 else "YES")
            return way >= 0.2
        otp = found[-1][1]
        if way < 0.7:
            yield from self.reply_by_text(phone, f"YES {otp}")
            return True
        verb = "reject" if way > 0.95 else "approve"
        status, answer, _ = yield from self.call("POST", "/sandbox/api/wallet/phone-share/" + verb, game,
                                                 {"approval_id": approval, "otp": otp})
        self.expect("share " + verb, status, answer, {
            "success", "INVALID_OTP", "APPROVAL_EXPIRED", "ALREADY_APPROVED", "ALREADY_REJECTED",
            "OTP_ATTEMPTS_EXCEEDED"})
        return verb == "approve"

    def cancel(self, record):
        status, reply, doubt = yield from self.call("POST", self.api(record.flavour, f"/{record.id}/cancel"),
                                                    record.game)
        self.expect("cancel", status, reply, {"success"} | ENDED)
        if status == 200:
            record.end = "cancelled"

    def ask_guardian(self, record, sender):
        """True when the guardian said yes; whether that was in time is the server's to say."""
        way = self.rng.random()
        if way < 0.15:
            return False
        if way < 0.25:
            return True  # nobody asked the guardian: verify will be held up
        yield from self.reply_by_text(sender.guardian, "NO" if way < 0.4 else self.rng.choice(("YES", " yes ", "Yes 👍", "Y")))
        status, reply, _ = yield from self.call(
            "GET", f"/sandbox/api/transactions/{record.id}/approval-status", record.game)
        self.expect("approval", status, reply, {"success", "GUARDIAN_REJECTED", "GUARDIAN_EXPIRED"})
        return way >= 0.4

    def resend(self, record):
        """True when another PIN is on its way."""
        for _ in range(100):
            status, reply, _ = yield from self.call("POST", self.api(record.flavour, "/resend-pin"), record.game,
                                                    {"transaction_id": record.id})
            told = self.expect("resend", status, reply, {"resent", "RESEND_COOLDOWN", "ALREADY_VERIFIED"} | ENDED)
            if status == 200:
                return True
            if told != "RESEND_COOLDOWN":
                return False
            yield from self.jump(31)
        return False

    def read_pin(self, record, sender):
        """The newest PIN on the sender's phone; a phone that lost its texts with the server is texted again."""
        for _ in range(4):
            found = yield from self.texts(sender.phone, PIN)
            if found and found[-1][0] != sender.pin_seen:
                sender.pin_seen = found[-1][0]
                return found[-1][1]
            self.counts["PINs asked for again"] += 1
            if not (yield from self.resend(record)):
                return None
        return None

    def verify(self, record, sender, wrong, held):
        """The claim code, or None when the flow ends here."""
        path = self.api(record.flavour, "/verify-sms")
        pin = yield from self.read_pin(record, sender)
        if pin is None:
            return None
        if self.rng.random() < 0.02:
            other = "send" if record.flavour == "transfer" else "transfer"
            status, reply, _ = yield from self.call("POST", self.api(other, "/verify-sms"), record.game,
                                                    {"transaction_id": record.id, "sms_pin": pin})
            self.expect("verify as the other flavour", status, reply, {"TRANSACTION_NOT_FOUND"})
        allowed = {"success", "INVALID_PIN", "VERIFICATION_BLOCKED", "ALREADY_VERIFIED"} | ENDED
        if held:
            allowed.add("pending_guardian_approval")
        for attempt in range(6):
            given = f"{(int(pin) + 1 + attempt) % 1_000_000:06}" if attempt < wrong else self.rng.choice((pin, pin + " "))
            status, reply, doubt = yield from self.call("POST", path, record.game,
                                                        {"transaction_id": record.id, "sms_pin": given})
            told = self.expect("verify", status, reply, allowed)
            if status == 200:
                if given.strip() != pin:
                    self.problem(f"verify {record.id}: a wrong PIN was taken")
                return reply["claim_code"]
            if told == "ALREADY_VERIFIED":
                if not doubt:
                    self.problem(f"verify {record.id}: verified, but by nobody")
                status, reply, _ = yield from self.call("GET", self.api(record.flavour, f"/{record.id}/status"),
                                                        record.game)
                return reply.get("claim_code")
            if told == "PIN_ATTEMPTS_EXCEEDED":
                record.end = "failed"
                return None
            if told != "INVALID_PIN":
                return None
            if attempt >= wrong:
                # An older flow's PIN, texted again after a kill, was the newest: ask for another.
                self.counts["PINs of another flow"] += 1
                if not (yield from self.resend(record)):
                    return None
                pin = yield from self.read_pin(record, sender)
                if pin is None:
                    return None
        return None

    def claim(self, record, target, receiver, code):
        words = FLAVOURS[record.flavour]
        path = self.api(record.flavour, words["claim"])
        body = {"claim_code": code, words["receiver"] + "_name": "Receiver",
                words["receiver"] + "_email": receiver.email, words["receiver"] + "_phone": receiver.phone}
        way = self.rng.random()
        allowed = {"success", "needs_account_selection", "ALREADY_CLAIMED", "CLAIM_EXPIRED",
                   "PHONE_SHARE_APPROVAL_REQUIRED"}
        if way < 0.03:
            status, reply, _ = yield from self.call("POST", path, target,
                                                    {**body, words["receiver"] + "_phone": "+15551230000"})
            self.expect("claim from another phone", status, reply, {"PHONE_MISMATCH", "CLAIM_NOT_FOUND",
                                                                    "CLAIM_EXPIRED"})
        elif way < 0.06:
            status, reply, _ = yield from self.call("POST", path, (target + 1) % len(self.games), body)
            self.expect("claim in another game", status, reply, {"CLAIM_NOT_FOUND"})
        record.asked = True
        shares = 0
        for _ in range(8):
            if way > 0.80:
                answers = yield [("POST", path, target, body)] * 2
                self.counts["raced claims"] += 1
            else:
                answers = [(yield from self.call("POST", path, target, body))[:2]]
            again = False
            for status, reply in answers:
                if status is None or status == 503:
                    again = True
                    self.counts["in doubt"] += 1
                    continue
                told = self.expect("claim", status, reply, allowed)
                if told == "success":
                    record.claims += 1
                    received = cents(reply[words["details"]]["amount_received"])
                    if received != record.amount - record.fee:
                        self.problem(f"claim {record.id}: {received} of {record.amount} less {record.fee}")
                elif told == "needs_account_selection":
                    body[words["receiver"] + "_id"] = self.rng.choice(reply["candidates"])["player_id"]
                    again = True
                elif told == "PHONE_SHARE_APPROVAL_REQUIRED" and shares < 3:
                    shares += 1
                    again = (yield from self.share(reply, target))
            if again:
                yield 0.02
                continue
            if way < 0.70 or not record.claims:
                return
            way = 0.0  # once more: it must be refused

    # ---- after the flows -----------------------------------------------------------------------------------------

    def checks(self):
        for record in self.records:
            yield self.check(record)

    def check(self, record):
        status, reply, _ = yield from self.call("GET", self.api(record.flavour, f"/{record.id}/status"), record.game)
        if status != 200:
            self.problem(f"LOST: {record.id} was acknowledged, now {status} {reply}")
            return
        end = reply["transaction_status"]
        self.counts["end: " + end] += 1
        if end not in FINAL:
            self.problem(f"OPEN: {record.id} is {end}")
        if record.claims > 1:
            self.problem(f"DOUBLED: {record.id} was claimed {record.claims} times")
        if record.claims and end != "completed":
            self.problem(f"LOST: {record.id} was claimed, now {end}")
        if end == "completed" and not record.asked:
            self.problem(f"{record.id} is completed, but nobody claimed it")
        if record.end and end != record.end:
            self.problem(f"{record.id} was {record.end}, now {end}")
        if cents(reply["fee_amount"]) != record.fee or cents(reply["amount"]) != record.amount:
            self.problem(f"{record.id}: {reply['amount']} and {reply['fee_amount']} are not what was answered")
        if end == "completed":
            self.counts["completed fees"] += record.fee


def serve(pipe, *arguments):
    """A process: does what the pipe says, and answers when it is done."""
    clients = Clients(*arguments)
    phases = {"set up": clients.setups, "flows": clients.flows, "check": clients.checks}
    while (order := pipe.recv()) is not None:
        phase, *what = order
        # A short campaign must last long enough for somebody to interrupt it.
        clients.run(phases[phase](*what), min(SLOTS, max(4, what[0] // 40)) if what else SLOTS)
        pipe.send({"counts": clients.counts, "problems": clients.problems, "credited": clients.credited,
                   "records": len(clients.records)})
