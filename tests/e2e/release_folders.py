#!/usr/bin/env python3
"""Opens the data folders that earlier releases left (tests/golden/release_*), and goes on with them.

Of each folder a copy is made, and with today's binary:

  its log verifies, and the books and every player's balance at its end are what that release said;
  a server opens it without building a view that can be read as it is, and tells the same balances;
  it takes writes, repeats an old request's reply, stops, starts again, and the whole log verifies.

usage: release_folders.py FLORIN_BINARY
"""
import glob
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden")
FLAGS = {"": [], "/sandbox": ["--sandbox"]}

spec = importlib.util.spec_from_file_location("make", os.path.join(GOLDEN, "release_1c8f11c", "make.py"))
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


def cents(text):
    return int(text.replace(".", ""))


def check(condition, what):
    if not condition:
        sys.exit(what)


def florin(binary, *arguments):
    run = subprocess.run([binary, *arguments], capture_output=True, text=True)
    check(run.returncode == 0, f"florin {' '.join(arguments)}: exit {run.returncode}\n{run.stdout}{run.stderr}")
    return json.loads(run.stdout)


def contains(found, wanted, path):
    """Everything of `wanted` is in `found`; a later release may say more."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            check(isinstance(found, dict) and key in found, f"{path}.{key} is missing")
            contains(found[key], value, f"{path}.{key}")
    elif isinstance(wanted, list):
        check(isinstance(found, list) and len(found) == len(wanted), f"{path} has another length")
        for index, value in enumerate(wanted):
            contains(found[index], value, f"{path}[{index}]")
    else:
        check(found == wanted, f"{path} is {found!r}, was {wanted!r}")


def check_offline(binary, data, prefix, expected):
    """The same moment, so exactly the same: nothing has expired in the copy yet."""
    flags = ["--data", data, "--json", *FLAGS[prefix]]
    position = str(expected["books"]["position"])
    contains(florin(binary, "audit", "at", position, *flags), expected["books"], prefix + " books")
    for game, players in zip(expected["games"], expected["streams"]):
        for player in players:
            then = florin(binary, "audit", "at", position, *flags, "--player", player["player_email"], "--game",
                          game["game_id"])["player"]
            found = {row["currency_id"]: row for row in then["balances"]}
            for row in player["balances"]:
                contains(found[row["currency_id"]], row, f"{prefix} {player['player_email']}")


def check_served(server, prefix, expected):
    """What is reserved may have expired since and be available again: sums stay."""
    for game, players in zip(expected["games"], expected["streams"]):
        for player in players:
            reply = server.call("GET", f"{prefix}/api/player-balances/player/by-email/{player['player_email']}", None,
                                game["sdk_key"], 200)
            for found, row in zip(reply["balances"], player["balances"], strict=True):
                for field in ("currency_id", "currency_name", "total_balance"):
                    check(found[field] == row[field], f"{prefix} {player['player_email']}: {found} was {row}")
                check(cents(found["available_balance"]) + cents(found["reserved_balance"]) ==
                      cents(found["total_balance"]), f"{prefix} {player['player_email']}: {found} does not add up")


def go_on(server, prefix, expected):
    """Two writes a game; returns what each player then has."""
    after = []
    for game, players in zip(expected["games"], expected["streams"]):
        player = players[0]["player_email"]
        path = f"{prefix}/api/player-balances/player/by-email/{player}"
        before = server.call("GET", path, None, game["sdk_key"], 200)["balances"][0]["available_balance"]
        body = {"client_request_id": "after-the-upgrade", "player_email": player, "amount": "7.00", "reason": "upgrade"}
        server.call("POST", prefix + "/api/player-balances/credit", body, game["sdk_key"], 200)
        bought = server.call("POST", prefix + "/api/item-purchases/purchase-item", {
            "client_request_id": "bought-after-it", "player_email": player, "item_id": "shield", "item_name": "Shield",
            "item_quantity": 1, "unit_price": "2.00", "total_price": "2.00"}, game["sdk_key"], 200)
        check(cents(bought["new_balance"]) == cents(before) + 500, f"{prefix} {player}: {before}, then {bought}")
        history = server.call("GET", path + "/history?limit=100", None, game["sdk_key"], 200)
        check(history["history"][0]["type"] == "item_purchase", f"{prefix} {player}: {history['history'][0]}")
        after.append((path, game["sdk_key"], bought["new_balance"]))
    # A request of the old release is still known (its first one, the first player's credit).
    if prefix == "/sandbox":
        game, player = expected["games"][0], expected["streams"][0][0]["player_email"]
        again = server.call("POST", prefix + "/api/player-balances/credit", {
            "client_request_id": "golden-2", "player_email": player, "player_name": "Ann", "amount": "1000.00",
            "reason": "golden"}, game["sdk_key"], 409)
        check(again["original"]["new_balance"] == "1005.00", f"the old reply: {again}")
    return after


def check_release(binary, folder):
    with open(os.path.join(folder, "expected.json")) as file:
        expected = json.load(file)
    scratch = tempfile.mkdtemp(prefix="florin-release-")
    data = os.path.join(scratch, "data")
    shutil.copytree(os.path.join(folder, "data"), data)
    for prefix, flags in FLAGS.items():
        florin(binary, "audit", "verify", "--data", data, "--json", *flags)
        check_offline(binary, data, prefix, expected[prefix])

    server = make.Server(binary, data)
    server.call("GET", "/readyz", expect=200)
    for prefix in FLAGS:
        check_served(server, prefix, expected[prefix])
    after = [one for prefix in FLAGS for one in go_on(server, prefix, expected[prefix])]
    server.stop()

    server = make.Server(binary, data)
    for path, key, balance in after:
        found = server.call("GET", path, None, key, 200)["balances"][0]["available_balance"]
        check(found == balance, f"{path} after a restart: {found}, was {balance}")
    server.stop()
    for flags in FLAGS.values():
        florin(binary, "audit", "verify", "--data", data, "--json", *flags)
    shutil.rmtree(scratch)


def main():
    binary = sys.argv[1]
    folders = sorted(glob.glob(os.path.join(GOLDEN, "release_*")))
    check(folders, "no golden release")
    for folder in folders:
        check_release(binary, folder)
        print(os.path.basename(folder), "opens, verifies and goes on")


if __name__ == "__main__":
    main()
