"""The product under measurement: a server with its own folder, one game in production, and the calls of the campaign."""

import http.client
import json
import os
import secrets
import shutil
import sys
import time

from processes import LOAD_CORE, SERVER_CORE, Server, run

EMAIL = "player{}@example.com"  # from 1, as florin_seed makes them
TOKEN = secrets.token_hex(24)


class Florin:
    def __init__(self, binary, data):
        self.binary, self.data = binary, data
        os.makedirs(data, exist_ok=True)
        self.config = f"{data}/bench.toml"
        with open(self.config, "w", encoding="utf-8") as out:
            out.write("[limits]\nenabled = false\n")
        self.key = None
        self.server = None

    def start(self, timeout=120):
        self.server = Server([self.binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--config", self.config],
                             ready=r"listening on http://127\.0\.0\.1:(\d+)", timeout=timeout,
                             environment={"FLORIN_ADMIN_TOKEN": TOKEN})
        self.url = f"http://127.0.0.1:{self.server.port}"
        return self.server.start_seconds

    def stop(self):
        code = self.server.stop()
        if code != 0:
            sys.exit(f"bench: florin ended with {code}\n{self.server.output[-4000:]}")
        self.server = None

    def call(self, method, path, body=None, timeout=120):
        """(status, headers, bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if self.key:
            headers["X-Game-Secret-Key"] = self.key
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, body=body, headers=headers)
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        return reply.status, reply.headers, data

    def expect(self, status, method, path, body=None, timeout=120):
        got, headers, data = self.call(method, path, body, timeout)
        if got != status:
            sys.exit(f"bench: {method} {path}: {got} instead of {status}: {data[:500]!r}")
        return headers, data

    def create_game(self):
        _, data = self.expect(201, "POST", "/admin/games", {
            "game_name": "Bench", "status": "live", "universal_transfers": "yes",
            "currencies": [{"currency_name": "Gold Coins", "currency_symbol": "GC"}]})
        self.key = json.loads(data)["sdk_key"]

    def purchase_body(self, request_id, player=1):
        return {"client_request_id": request_id, "player_email": EMAIL.format(player), "item_id": "sword_001",
                "item_name": "Iron Sword", "item_quantity": 2, "unit_price": "0.05", "total_price": "0.10",
                "item_category": "weapons"}

    def head(self):
        """The log's position, through a write of its own."""
        headers, _ = self.expect(200, "POST", "/api/player-balances/credit", {
            "client_request_id": f"head-{secrets.token_hex(8)}", "player_email": EMAIL.format(1), "amount": "0.01",
            "reason": "bench"})
        return int(headers["Florin-Position"])

    def log_bytes(self):
        folder = f"{self.data}/production"
        return sum(os.path.getsize(f"{folder}/{name}") for name in os.listdir(folder) if name.startswith("log.db"))

    def batch(self, count, players):
        """Seconds from sending the request to the last byte of the reply."""
        body = json.dumps({"player_emails": [EMAIL.format(n * 7919 % players + 1) for n in range(count)]}).encode()
        began = time.perf_counter()
        _, data = self.expect(200, "POST", "/api/player-balances/batch", body)
        seconds = time.perf_counter() - began
        if json.loads(data)["not_found"]:
            sys.exit("bench: the batch did not find every player")
        return seconds

    def stream(self):
        """(bytes, lines, seconds) of stream-all."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)
        began = time.perf_counter()
        connection.request("GET", "/api/player-balances/stream-all", headers={"X-Game-Secret-Key": self.key})
        reply = connection.getresponse()
        size, tail = 0, b""
        while piece := reply.read1(1 << 20):
            size += len(piece)
            tail = (tail + piece)[-4096:]
        seconds = time.perf_counter() - began
        connection.close()
        trailer = tail.rstrip(b"\n").rsplit(b"\n", 1)[-1]
        end = json.loads(trailer) if reply.status == 200 else {}
        if end.get("end") is not True:
            sys.exit(f"bench: stream-all: {reply.status}, last line {trailer[:200]!r}")
        return size, end["count"], seconds

    def await_views(self, timeout=1800):
        """Until every view has caught up with the log: a new store's are built behind the first start."""
        deadline = time.monotonic() + timeout
        while any(view["lag"] > 0 for view in
                  json.loads(self.expect(200, "GET", "/admin/projections")[1])["projections"]):
            if time.monotonic() > deadline:
                sys.exit("bench: the views did not catch up")
            time.sleep(0.5)

    def rebuild(self, name, timeout=1800):
        """Events a second over the whole rebuild, as the clock on the wall has it."""
        _, data = self.expect(200, "GET", f"/admin/projections/{name}/progress")
        events = json.loads(data)["position"]
        began = time.perf_counter()
        self.expect(202, "POST", f"/admin/projections/{name}/rebuild")
        while time.perf_counter() - began < timeout:
            time.sleep(0.02)
            status = json.loads(self.expect(200, "GET", f"/admin/projections/{name}/progress")[1])
            if status["failed"]:
                sys.exit(f"bench: the rebuild of {name} failed: {status['error']}")
            if status["rebuild"] is None:
                return events / (time.perf_counter() - began)
        sys.exit(f"bench: the rebuild of {name} took more than {timeout} s")

    def replay(self, timeout=1800):
        """The stopped store, replayed from its first event: what `florin bench replay` says. On both cores: a replay is a
        pipeline of three stages, and nothing else runs beside a start or an audit."""
        return json.loads(run([self.binary, "bench", "replay", "--data", self.data, "--json"], timeout,
                              core=f"{SERVER_CORE},{LOAD_CORE}"))

    def remove(self):
        shutil.rmtree(self.data, ignore_errors=True)


def seed_offline(tool, data, players, purchases, timeout):
    """A store of `players` players and as many past purchases, written straight into the log; returns the SDK key.
    The tool prints one JSON object with "sdk_key"."""
    out = run([tool, "--data", data, "--players", str(players), "--purchases", str(purchases), "--json"], timeout)
    return json.loads(out.strip().splitlines()[-1])["sdk_key"]
