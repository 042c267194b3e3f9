#!/usr/bin/env python3
"""What a damaged data folder leads to while the server runs: 503s that say so, never a false fact and never an end.

On copies of a golden release's sandbox:

  the rows of a view name events that the log does not have, or those of somebody else: 503, and the view is built anew
  a view that is not there cannot be built: not ready, one line in the log and not one a request, and ready in the end
  one bit of an item's order is flipped in the log: it is neither shown nor refunded, and the log names the position
  one bit is flipped in the position of an order: its transaction is a 503, not one that never was
  one bit of a payout is flipped: of a bank's file of returns its entry alone is refused
  another key of rows is added: both are read, and the file of before is refused
  an older log stands in the place of a newer one, or none: the start is refused and says what to do
  one person's key is lost: what shows or seals a text about them is a 503, everything else goes on
  the vault is another log's: the start is refused, and verify says so too
  the vault or its rows.keys are gone: the start is refused, says so, and makes no new ones

usage: damaged_folder.py FLORIN_BINARY
"""
import contextlib
import glob
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import release_folders
from release_folders import check, make

FOLDER = os.path.join(release_folders.GOLDEN, "release_1c8f11c")


@contextlib.contextmanager
def copy():
    with open(os.path.join(FOLDER, "expected.json")) as file:
        expected = json.load(file)["/sandbox"]
    scratch = tempfile.mkdtemp(prefix="florin-damaged-")
    data = os.path.join(scratch, "data")
    shutil.copytree(os.path.join(FOLDER, "data"), data)
    yield data, expected
    shutil.rmtree(scratch)


def change(file, *statements):
    with contextlib.closing(sqlite3.connect(file)) as database:
        for sql, parameters in statements:
            check(database.execute(sql, parameters).rowcount > 0, f"{sql} changes nothing")
        database.commit()


# Each has the steps of the one before, and the first has those of the last.
FOREIGN_STEPS = """UPDATE steps SET about = other FROM (SELECT about AS one, coalesce(lead(about) OVER (ORDER BY about),
                   first_value(about) OVER (ORDER BY about)) AS other FROM steps WHERE {} GROUP BY about)
                   WHERE about = one"""


def position_of(name):
    """Of a transaction, an order or a payout: Crockford's base 32."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    position = 0
    for digit in name.split("_")[1]:
        position = position * 32 + digits.index(digit)
    return position


def until_again(ask, what, is_right=lambda reply: True):
    """503 at first, 200 in the end, and never a wrong reply."""
    statuses = set()
    for _ in range(600):
        status, reply = ask()
        statuses.add(status)
        check(status in (200, 503), f"{what}: {status} {reply}")
        if status == 200:
            check(is_right(reply), f"{what}: {reply}")
            return statuses
        time.sleep(0.05)
    sys.exit(f"{what}: the view is not built anew")


def payments_view(binary, sql):
    """The view's rows are changed: what they say is a 503 and not a crash, and then they are right again."""
    with copy() as (data, expected):
        game, player = expected["games"][0], expected["streams"][0][1]["player_email"]
        server = make.Server(binary, data)
        history = server.call("GET", f"/sandbox/api/player-balances/player/by-email/{player}/history?limit=100", None,
                              game["sdk_key"], 200)["history"]
        order = next(row["order_id"] for row in history if row["type"] == "currency_purchase")
        # What no time and no event changes.
        paths = {"/sandbox/api/withdrawals/history":
                     lambda reply: [(one["payout_id"], one["amount_usd"]) for one in reply["payouts"]],
                 f"/sandbox/api/currency-purchases/order-details?order_id={order}":
                     lambda reply: (reply["order"]["order_id"], reply["payment"]["payment_intent_id"])}
        before = {path: facts(server.call("GET", path, None, game["sdk_key"], 200)) for path, facts in paths.items()}
        server.stop()
        view, = glob.glob(os.path.join(data, "sandbox", "views", "payments.v*.db"))
        change(view, (sql, ()))
        server = make.Server(binary, data)
        refused = False
        for path in paths:
            ask = lambda: server.call_status("GET", path, None, game["sdk_key"])
            is_right = lambda reply: paths[path](reply) == before[path]
            refused = refused or 503 in until_again(ask, f"{path} after {sql}", is_right)
        check(refused, f"nothing was refused after {sql}")
        server.call("GET", "/readyz", expect=200)
        server.stop()


def missing_view(binary):
    with copy() as (data, expected):
        game, player = expected["games"][0], expected["streams"][0][0]["player_email"]
        view, = glob.glob(os.path.join(data, "sandbox", "views", "history.v*.db"))
        os.remove(view)
        # SQLite can neither open nor remove what lies where its write-ahead log belongs.
        in_the_way = view + "-wal"
        os.makedirs(os.path.join(in_the_way, "x"))
        log = os.path.join(data, "stderr")
        server = make.Server(binary, data, stderr=log)
        path = f"/sandbox/api/player-balances/player/by-email/{player}/history"
        for _ in range(200):
            status, reply = server.call_status("GET", path, None, game["sdk_key"])
            check(status == 503 and reply["error_code"] == "VIEW_UNAVAILABLE", f"{path}: {status} {reply}")
        status, reply = server.call_status("GET", "/readyz")
        check(status == 503 and "sandbox" in reply["message"] and "history" in reply["message"], f"/readyz: {reply}")
        with open(log) as file:
            errors = [line for line in file if " error " in line]
        check(len(errors) <= 5, f"{len(errors)} error lines of 200 requests, such as {errors[:3]}")
        shutil.rmtree(in_the_way)
        until_again(lambda: server.call_status("GET", "/readyz"), "/readyz")
        server.call("GET", path, None, game["sdk_key"], 200)
        server.stop()


def damaged_row(binary):
    with copy() as (data, expected):
        game, player = expected["games"][0], expected["streams"][0][0]["player_email"]
        log = os.path.join(data, "sandbox", "log.db")
        server = make.Server(binary, data)
        path = f"/sandbox/api/item-purchases/player-purchase-history?player_email={player}"
        order = server.call("GET", path, None, game["sdk_key"], 200)["purchases"][0]
        server.stop()
        with contextlib.closing(sqlite3.connect(log)) as database:
            rows = database.execute("SELECT position, bytes FROM commits").fetchall()
        name = order["purchase_details"]["item_name"].encode()
        position, bytes_ = [(at, row) for at, row in rows if name in row][-1]
        changed = bytearray(bytes_)
        changed[bytes_.index(name)] ^= 1
        change(log, ("UPDATE commits SET bytes = ? WHERE position = ?", (bytes(changed), position)))

        server = make.Server(binary, data, stderr=os.path.join(data, "stderr"))
        for method, path, body in (
                ("GET", f"/sandbox/api/item-purchases/order-details?order_id={order['order_id']}", None),
                ("POST", "/sandbox/api/item-purchases/refund",
                 {"client_request_id": "refund", "order_id": order["order_id"], "reason": "damage"})):
            status, reply = server.call_status(method, path, body, game["sdk_key"])
            check(status == 503, f"{method} {path}: {status} {reply}")
        server.call("GET", "/livez", expect=200)
        server.stop()
        with open(os.path.join(data, "stderr")) as file:
            said = [line for line in file if f"position {position}: " in line or "its link does not match" in line]
        check(len(said) == 1, f"the log names the damage once, not {said}")


def damaged_position(binary):
    with copy() as (data, expected):
        game, player = expected["games"][0], expected["streams"][0][0]["player_email"]
        log = os.path.join(data, "sandbox", "log.db")
        with contextlib.closing(sqlite3.connect(log)) as database:
            rows = database.execute("SELECT position, bytes FROM commits").fetchall()
        place = slice(16, 24)  # of the commit's first position in its bytes (FORMAT.md)
        firsts = {int.from_bytes(row[place], "little"): (at, row) for at, row in rows}
        server = make.Server(binary, data)
        path = f"/sandbox/api/item-purchases/player-purchase-history?player_email={player}"
        orders = server.call("GET", path, None, game["sdk_key"], 200)["purchases"]
        server.stop()
        # A bit that makes it the position of another commit.
        name, other = next((order["order_id"].replace("ord_", "txn_"), position_of(order["order_id"]) ^ 1 << bit)
                           for order in orders for bit in range(8)
                           if position_of(order["order_id"]) ^ 1 << bit in firsts)
        position, bytes_ = firsts[position_of(name)]
        changed = bytes_[:place.start] + other.to_bytes(8, "little") + bytes_[place.stop:]
        server = make.Server(binary, data)
        server.call("GET", f"/sandbox/api/transactions/{name}", None, game["sdk_key"], 200)
        server.stop()
        change(log, ("UPDATE commits SET bytes = ? WHERE position = ?", (changed, position)))
        server = make.Server(binary, data)
        status, reply = server.call_status("GET", f"/sandbox/api/transactions/{name}", None, game["sdk_key"])
        check(status == 503, f"{name}: {status} {reply}")
        server.stop()


def damaged_payout(binary):
    with copy() as (data, expected):
        log = os.path.join(data, "sandbox", "log.db")
        with contextlib.closing(sqlite3.connect(log)) as database:
            rows = database.execute("SELECT position, bytes FROM commits").fetchall()
        server = make.Server(binary, data)
        history = server.call("GET", "/sandbox/api/withdrawals/history", None, expected["games"][0]["sdk_key"], 200)
        payout = history["payouts"][-1]["payout_id"]
        with open(os.path.join(release_folders.GOLDEN, "ach", "returns.ach")) as file:
            lines = file.read().split("\n")
        lines[2] = lines[2][:39] + payout[3:].ljust(15) + lines[2][54:]

        def outcomes():
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("POST", "/sandbox/admin/payouts/ach/returns", "\n".join(lines),
                               {"Authorization": "Bearer " + make.TOKEN, "Content-Type": "text/plain"})
            reply = connection.getresponse()
            text = reply.read().decode()
            connection.close()
            check(reply.status == 200, f"returns: {reply.status} {text}")
            return [entry["reason_code"] for entry in json.loads(text)["entries"]]

        before = outcomes()
        server.stop()
        first = position_of(payout)
        position, bytes_ = next((at, row) for at, row in rows if int.from_bytes(row[16:24], "little") == first)
        change(log, ("UPDATE commits SET bytes = ? WHERE position = ?",
                     (bytes_[:-1] + bytes([bytes_[-1] ^ 1]), position)))
        server = make.Server(binary, data)
        after = outcomes()
        check(before[0] != "NOT_READABLE" and after == ["NOT_READABLE"] + before[1:], f"{before}, then {after}")
        server.stop()


def lost_keys(binary):
    for lost in ("vault", os.path.join("vault", "rows.keys")):
        with copy() as (data, _):
            make.Server(binary, data).stop()
            path = os.path.join(data, "sandbox", lost)
            shutil.move(path, os.path.join(data, "kept"))
            start = subprocess.run([binary, "serve", "--data", data, "--listen", "127.0.0.1:0"], text=True, timeout=60,
                                   capture_output=True, env=os.environ | {"FLORIN_ADMIN_TOKEN": make.TOKEN})
            check(start.returncode not in (0, -11, -6), f"without {lost} it starts: {start.returncode}")
            check(path in start.stderr and "restore" in start.stderr, f"without {lost}: {start.stderr}")
            check(not os.path.exists(path), f"{lost} is made anew")
            shutil.move(os.path.join(data, "kept"), path)
            make.Server(binary, data).stop()


def foreign_vault(binary):
    with copy() as (data, expected):
        game, player = expected["games"][0], expected["streams"][0][0]["player_email"]
        credit = {"client_request_id": "one more", "player_email": player, "amount": "1.00", "reason": "bind"}
        server = make.Server(binary, data)
        server.call("POST", "/sandbox/api/player-balances/credit", credit, game["sdk_key"], 200)
        server.stop()
        vault, kept = os.path.join(data, "sandbox", "vault"), os.path.join(data, "kept")
        shutil.copytree(vault, kept)
        for name in ("master.key", "persons.keys"):
            shutil.copy(os.path.join(data, "production", "vault", name), os.path.join(vault, name))
        start = subprocess.run([binary, "serve", "--data", data, "--listen", "127.0.0.1:0"], text=True, timeout=60,
                               capture_output=True, env=os.environ | {"FLORIN_ADMIN_TOKEN": make.TOKEN})
        check(start.returncode == 1 and "not the one that this log was written with" in start.stderr,
              f"with another vault: {start.returncode} {start.stderr}")
        verified = subprocess.run([binary, "audit", "verify", "--data", data, "--sandbox"], text=True,
                                  capture_output=True)
        check(verified.returncode == 1 and "not the one that this log was written with" in verified.stderr,
              f"verify with another vault: {verified.returncode} {verified.stderr}")
        shutil.rmtree(vault)
        shutil.move(kept, vault)
        make.Server(binary, data).stop()


def rotated_keys(binary):
    """Another key of rows is added: both are read, the log says so, and the file of before is refused."""
    with copy() as (data, expected):
        game, player = expected["games"][0], expected["streams"][0][0]["player_email"]
        rotate = [binary, "keys", "rotate", "--data", data, "--sandbox", "--json"]

        def credit(name):
            server = make.Server(binary, data)
            refused = subprocess.run(rotate, text=True, capture_output=True)
            check(refused.returncode not in (0, 2) and "stop it first" in refused.stderr,
                  f"rotate beside a server: {refused.returncode} {refused.stderr}")
            server.call("POST", "/sandbox/api/player-balances/credit",
                        {"client_request_id": name, "player_email": player, "amount": "1.00", "reason": "x"},
                        game["sdk_key"], 200)
            server.stop()

        credit("under the first key")
        keys = os.path.join(data, "sandbox", "vault", "rows.keys")
        shutil.copy(keys, os.path.join(data, "older"))
        rotated = subprocess.run(rotate, text=True, capture_output=True)
        check(rotated.returncode == 0 and json.loads(rotated.stdout)["row_key"] == 2, f"rotate: {rotated}")
        credit("under the second key")
        verified = subprocess.run([binary, "audit", "verify", "--data", data, "--sandbox", "--json"], text=True,
                                  capture_output=True)
        check(verified.returncode == 0 and json.loads(verified.stdout)["keys_checked"], f"verify: {verified}")
        shown = subprocess.run([binary, "log", "tail", "--data", data, "--sandbox"], text=True, capture_output=True)
        check("row key 2" in shown.stdout, f"the log does not say so: {shown}")
        shutil.copy(os.path.join(data, "older"), keys)
        start = subprocess.run([binary, "serve", "--data", data, "--listen", "127.0.0.1:0"], text=True, timeout=60,
                               capture_output=True, env=os.environ | {"FLORIN_ADMIN_TOKEN": make.TOKEN})
        check(start.returncode == 1 and "rows.keys" in start.stderr, f"older keys: {start.returncode} {start.stderr}")


def lost_log(binary):
    """The log and its checkpoint as they were before, or gone: a start that would go on without a word is refused."""
    with copy() as (data, expected):
        game, player = expected["games"][0], expected["streams"][0][0]["player_email"]
        make.Server(binary, data).stop()
        sandbox = os.path.join(data, "sandbox")
        for name in ("log.db", "checkpoint"):
            shutil.copy(os.path.join(sandbox, name), os.path.join(data, name + ".older"))
        server = make.Server(binary, data)
        credit = {"client_request_id": "one more", "player_email": player, "amount": "1.00", "reason": "x"}
        server.call("POST", "/sandbox/api/player-balances/credit", credit, game["sdk_key"], 200)
        server.stop()
        for name in ("log.db", "checkpoint"):
            shutil.copy(os.path.join(sandbox, name), os.path.join(data, name + ".newer"))

        def put(age):
            for name in ("log.db", "checkpoint"):
                os.remove(os.path.join(sandbox, name))
                if age:
                    shutil.copy(os.path.join(data, name + age), os.path.join(sandbox, name))

        vault = os.path.join(sandbox, "vault")
        for age in (".older", ""):
            put(age)
            if not age:
                shutil.move(vault, os.path.join(data, "vault"))
                os.mkdir(vault)
            start = subprocess.run([binary, "serve", "--data", data, "--listen", "127.0.0.1:0"], text=True, timeout=60,
                                   capture_output=True, env=os.environ | {"FLORIN_ADMIN_TOKEN": make.TOKEN})
            check(start.returncode == 1 and "beyond the" in start.stderr and "Restore" in start.stderr,
                  f"with log.db{age}: {start.returncode} {start.stderr}")
            if not age:
                check(os.listdir(vault) == [], f"a vault is made for a log that was lost: {os.listdir(vault)}")
                open(os.path.join(sandbox, "checkpoint"), "a").close()  # so that there is one to replace
        os.rmdir(vault)
        shutil.move(os.path.join(data, "vault"), vault)
        put(".newer")
        make.Server(binary, data).stop()
        put(".older")
        for folder in ("snapshots", "requests", "views"):
            shutil.rmtree(os.path.join(sandbox, folder))
        server = make.Server(binary, data)
        server.call("POST", "/sandbox/api/player-balances/credit", credit, game["sdk_key"], 200)
        server.stop()


def damaged_person(binary):
    """A person's seed is lost: what would show a text about them is a 503, and nobody else is concerned."""
    with copy() as (data, expected):
        game = expected["games"][0]
        one, other = (row["player_email"] for row in expected["streams"][0][:2])
        server = make.Server(binary, data)
        path = "/sandbox/api/player-balances/player/by-email/"
        number = position_of(expected["streams"][0][0]["identity_id"])
        credit = {"client_request_id": "before", "player_email": one, "amount": "1.00", "reason": "x"}
        server.call("POST", "/sandbox/api/player-balances/credit", credit, game["sdk_key"], 200)
        server.stop()
        keys = os.path.join(data, "sandbox", "vault", "persons.keys")
        with open(keys, "r+b") as file:
            file.seek(4096 + 32 * (number - 1))
            seed = file.read(32)
            file.seek(4096 + 32 * (number - 1))
            file.write(b"\xff" * 32)
        server = make.Server(binary, data)
        status, reply = server.call_status("GET", path + one, None, game["sdk_key"])
        check(status == 503, f"a person without a key: {status} {reply}")
        server.call("GET", path + one + "/history", None, game["sdk_key"], 200)  # shows no text about them
        named = credit | {"client_request_id": "named", "player_name": "Somebody Else"}
        status, reply = server.call_status("POST", "/sandbox/api/player-balances/credit", named, game["sdk_key"])
        check(status == 503, f"a new name of a person without a key: {status} {reply}")
        server.call("GET", path + other, None, game["sdk_key"], 200)
        server.call("POST", "/sandbox/api/player-balances/credit",
                    named | {"client_request_id": "other", "player_email": other}, game["sdk_key"], 200)
        server.call("GET", "/readyz", expect=200)
        server.stop()
        with open(keys, "r+b") as file:
            file.seek(4096 + 32 * (number - 1))
            file.write(seed)
        server = make.Server(binary, data)
        server.call("GET", path + one, None, game["sdk_key"], 200)
        server.call("POST", "/sandbox/api/player-balances/credit", named, game["sdk_key"], 200)
        server.stop()


def main():
    binary = sys.argv[1]
    payments_view(binary, "UPDATE steps SET event_position = event_position + 1099511627776")
    payments_view(binary, "UPDATE steps SET event_position = -event_position")
    payments_view(binary, "UPDATE steps SET commit_position = commit_position + 1000")
    payments_view(binary, "UPDATE payouts SET position = position + 1000")
    payments_view(binary, FOREIGN_STEPS.format("about IN (SELECT position FROM payouts)"))
    payments_view(binary, FOREIGN_STEPS.format("about NOT IN (SELECT position FROM payouts)"))
    missing_view(binary)
    damaged_row(binary)
    damaged_position(binary)
    damaged_payout(binary)
    lost_keys(binary)
    foreign_vault(binary)
    damaged_person(binary)
    lost_log(binary)
    rotated_keys(binary)
    print("a damaged folder is said to be one")


if __name__ == "__main__":
    main()
