#!/usr/bin/env python3
"""What a damaged data folder leads to while the server runs: 503s that say so, never a false fact and never an end.

On copies of a golden release's sandbox:

  the rows of a view name events that the log does not have: 503, and the view is built anew
  a view that is not there cannot be built: not ready, one line in the log and not one a request, and ready in the end
  one bit of an item's order is flipped in the log: it is neither shown nor refunded, and the log names the position

usage: damaged_folder.py FLORIN_BINARY
"""
import contextlib
import glob
import json
import os
import shutil
import sqlite3
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


def until_again(ask, what):
    """503 at first, 200 in the end."""
    statuses = set()
    for _ in range(600):
        status, reply = ask()
        statuses.add(status)
        check(status in (200, 503), f"{what}: {status} {reply}")
        if status == 200:
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
        server.stop()
        order = next(row["order_id"] for row in history if row["type"] == "currency_purchase")
        view, = glob.glob(os.path.join(data, "sandbox", "views", "payments.v*.db"))
        change(view, (sql, ()))
        server = make.Server(binary, data)
        refused = False
        for path in ("/sandbox/api/withdrawals/history",
                     f"/sandbox/api/currency-purchases/order-details?order_id={order}"):
            ask = lambda: server.call_status("GET", path, None, game["sdk_key"])
            refused = refused or 503 in until_again(ask, f"{path} after {sql}")
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


def main():
    binary = sys.argv[1]
    payments_view(binary, "UPDATE steps SET event_position = event_position + 1099511627776")
    payments_view(binary, "UPDATE steps SET event_position = -event_position")
    payments_view(binary, "UPDATE steps SET commit_position = commit_position + 1000")
    payments_view(binary, "UPDATE payouts SET position = position + 1000")
    missing_view(binary)
    damaged_row(binary)
    print("a damaged folder is said to be one")


if __name__ == "__main__":
    main()
