#!/usr/bin/env python3
"""Attacks a server of its own and prints what became of each, as Markdown: measure.py PENNYPOST DATA_DIR [WORD ...] [--listen 127.0.0.1:8293]

PENNYPOST is a release build, DATA_DIR a folder that does not exist yet; with words only the attacks whose names hold one of them (see
README.md). Needs nothing but Python's standard library.
"""
import argparse
import os
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True

from beside import Beside, Bystander  # noqa: E402
import documents  # noqa: E402
from figures import load, say  # noqa: E402
import lasting  # noqa: E402
from processes import resident  # noqa: E402
from server import Server  # noqa: E402
from table import Row, print_head, print_row  # noqa: E402
from wire import answers_of, asked, exchange, head  # noqa: E402

TIMES, FLOOD_CONNECTIONS, FLOOD_SECONDS = 20, 8, 1.0


class Attacker:
    def __init__(self, server, token, words):
        self.server, self.token, self.words = server, token, [word.lower() for word in words]
        self.bystander = Bystander(server.listen, server.register("walter").token)
        self.rows, self.idle = [], None

    def is_wanted(self, name):
        return not self.words or any(word in name.lower() for word in self.words)

    def beside(self):
        return Beside(self.server.process.pid, self.bystander)

    def print(self, row):
        self.rows.append(row)
        print_row(row)
        if self.server.process.poll() is not None:
            raise RuntimeError(f"the server ENDED with {self.server.process.returncode} at {row.name}; see {self.server.log}")

    def requests(self, group, cases):
        """Each alone, TIMES times for the clock, and then over a few connections at once for those beside it."""
        for name, request, expected in cases:
            name = f"{group}: {name}"
            if not self.is_wanted(name):
                continue
            with self.beside() as beside:
                replies = [exchange(self.server.listen, request) for _ in range(TIMES)]
                cpu = beside.cpu_so_far() / TIMES
                flood(self.server.listen, request)
            self.print(Row(name, f"{len(request):,}", replies, beside, self.idle, cpu, expected))

    def smuggling(self):
        for name, data, expected in documents.smuggled(self.token):
            name = f"smuggling: {name}"
            if not self.is_wanted(name):
                continue
            with self.beside() as beside:
                replies = [answers_of(self.server.listen, data) for _ in range(3)]
            self.print(Row(name, f"{len(data):,}", replies, beside, self.idle, expected=expected))

    def lasting(self):
        for name, attack, expected, is_slow in lasting.ATTACKS:
            if not self.is_wanted(name):
                continue
            with self.beside() as beside:
                replies, sent = attack(self.server.listen, self.token)
            cpu = max(0.0, beside.cpu - self.idle.cpu / self.idle.count * beside.count) / len(replies)
            self.print(Row(name, f"{sent:,}", replies, beside, self.idle, cpu, expected, is_slow))


def flood(listen, request):
    ends = time.perf_counter() + FLOOD_SECONDS

    def again():
        while time.perf_counter() < ends:
            exchange(listen, request)
    threads = [threading.Thread(target=again) for _ in range(FLOOD_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    parser = argparse.ArgumentParser(description="See README.md.")
    parser.add_argument("pennypost")
    parser.add_argument("data")
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--listen", default="127.0.0.1:8293")
    options = parser.parse_args()
    options.pennypost, options.data = os.path.abspath(options.pennypost), os.path.abspath(options.data)
    say("load before", load())
    with Server(options, "attacks", LOG_LEVEL="warn", ACCESS_TOKEN_EXPIRE_MINUTES="1440") as server:
        mallory = server.register("mallory")
        attacker = Attacker(server, mallory.token, options.words)
        time.sleep(2)
        with attacker.beside() as attacker.idle:
            time.sleep(10)
        idle = attacker.idle
        say("`me` without an attack, ms", f"p50 {idle.p50:.1f}, p99 {idle.p99:.1f}, worst {idle.worst:.1f}")
        say("memory of the server before, MiB", f"{idle.before:.0f}")
        print()
        print_head()
        sent = lambda text: head(asked(text), mallory.token)
        attacker.requests("document", ((name, sent(text), expected) for name, text, expected in documents.texts()))
        attacker.requests("JSON", ((name, head(body, mallory.token), expected) for name, body, expected in documents.variables()))
        attacker.requests("HTTP", documents.bodies(mallory.token))
        attacker.smuggling()
        attacker.lasting()
        attacker.bystander.stop()
        print()
        now, most = resident(server.process.pid)
        say("memory of the server after, MiB", f"{now:.0f}")
        faults = [line for line in server.logged().splitlines() if "ERROR" in line or "panic" in line]
        say("faults in the log", len(faults))
        for line in faults[:20]:
            print("   ", line[:300])
    say("load after", load())
    medians = [row.beside.p99 for row in attacker.rows]
    say("`me` beside the attacks, p99, ms", f"median {statistics.median(medians):.1f}, worst {max(medians):.1f}")
    found = [row for row in attacker.rows if row.findings()]
    say("attacks, and those with a finding", f"{len(attacker.rows)}, {len(found)}")


if __name__ == "__main__":
    main()
