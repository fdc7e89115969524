#!/usr/bin/env python3
"""What a request costs, beside PostgreSQL alone: measure.py PENNYPOST DATA_DIR [CASE..]. See README.md."""
import argparse
import collections
import json
import os
import re
import subprocess
import tempfile
import time

from ledger import HERE, Ledger, say
from cases import cases, fault
from figures import load
from processes import autogroup, memory_of_postgres, resident, seconds_of, seconds_of_postgres
from table import print_table

WRITE_OFF = 0.02  # requests that were under way when the time was over


class Bench:
    def __init__(self, options, ledger):
        self.options, self.ledger, self.people = options, ledger, ledger.people()
        self.cases = cases(self.people)
        self.tokens = {name: ledger.sign_in(name) for name in ("ana", "cleo", "chief")}
        self.folder = tempfile.mkdtemp(prefix="requests-")
        self.sizes = {}
        for case in self.cases:
            with open(self.bodies(case), "w") as file:
                # Everybody signs in from an address of their own.
                file.writelines(f"198.51.{place // 250}.{place % 250 + 1} {body}\n" for place, body in enumerate(case.bodies))
            self.check(case)

    def bodies(self, case):
        return os.path.join(self.folder, case.name.replace(" ", "-"))

    def named(self, name):
        return next(case for case in self.cases if case.name == name)

    def check(self, case):
        """Asks once, and sees that the answer is what the case is about."""
        client = self.ledger.client(self.tokens.get(case.asks))
        answer = client.send("POST", "/graphql", case.bodies[-1], self.headers(case))
        wrong = fault(case, answer)
        if wrong:
            raise RuntimeError(f"{case.name}: {wrong}")
        self.sizes[case.name] = len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode())

    def headers(self, case):
        headers = {"Content-Type": "application/json"}
        return headers | ({"Authorization": "Bearer " + self.tokens[case.asks]} if case.asks else {})

    def start_wrk(self, case, clients, seconds):
        if case.name == "login":
            # What was under way at the end of the last stretch counts as wrong passwords.
            self.ledger.sql("DELETE FROM login_attempts")
        threads = min(self.options.threads, clients)
        words = ["wrk", f"-t{threads}", f"-c{clients}", f"-d{seconds}s", "--timeout", "20s", "-s", os.path.join(HERE, "load.lua"),
                 f"http://{self.ledger.listen}", "--", self.bodies(case)]
        words += [self.tokens[case.asks]] if case.asks else []
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def finish_wrk(self, case, process):
        out = process.communicate()[0]
        found = re.search(r"^FOUND (.*)$", out, re.MULTILINE)
        if process.returncode or not found:
            raise RuntimeError(f"wrk: {out[-500:]}")
        found = json.loads(found.group(1))
        size = found["bytes"] / max(1, found["requests"])
        if found["errors"] or size < self.sizes[case.name] * 0.98:
            raise RuntimeError(f"{case.name}: {found['errors']} errors, {size:.0f} bytes an answer of {self.sizes[case.name]}")
        return found

    def run(self, case, clients, seconds):
        """One stretch of a case: requests a second, the histogram, and what each request has cost whom."""
        before_rows = int(self.ledger.one(case.makes)) if case.makes else 0
        # What goes on beside it begins before and ends after.
        other = self.start_wrk(self.named(case.beside), 16, seconds + 2) if case.beside else None
        before = self.spent()
        process = self.start_wrk(case, clients, seconds)
        found = self.finish_wrk(case, process)
        spent = [after - at_first for after, at_first in zip(self.spent(), before)]
        if other:
            beside = self.finish_wrk(self.named(case.beside), other)
            found["beside"] = beside["requests"] / beside["seconds"]
        if case.makes:
            made = int(self.ledger.one(case.makes)) - before_rows
            if made < found["requests"] * (1 - WRITE_OFF):
                raise RuntimeError(f"{case.name}: {found['requests']} requests made {made} rows")
        found["rate"] = found["requests"] / found["seconds"]
        found["cpu"] = [seconds_ * 1e6 / found["requests"] for seconds_ in spent]
        return found

    def spent(self):
        """Seconds of the server, of PostgreSQL, and of the load generators that have ended."""
        # A session that has just ended is counted once its parent has noticed.
        time.sleep(0.3)
        postmaster, children = self.ledger.postmaster(), os.times()
        return seconds_of(self.ledger.process.pid), seconds_of_postgres(postmaster), children.children_user + children.children_system

    def floor(self, name, clients, seconds):
        """pgbench's rate, with a tenth of its latencies as a histogram, and what each statement has cost PostgreSQL."""
        log = os.path.join(self.folder, f"pgbench-{name}-{clients}")
        words = ["pgbench", "-n", "-M", "prepared", f"-c{clients}", f"-j{min(self.options.jobs, clients)}", f"-T{seconds}", "-l",
                 "--sampling-rate=0.1", f"--log-prefix={log}", "-f", os.path.join(HERE, "floor", name + ".sql"), "-h", self.ledger.run,
                 "-U", "pennypost", "pennypost"]
        words += [word for key, value in self.people.items() for word in ("-D", f"{key}={value}")]
        environment = dict(os.environ, PGOPTIONS="-c plan_cache_mode=force_generic_plan")
        before = self.spent()
        ran = subprocess.run(words, env=environment, capture_output=True, text=True)
        tps = re.search(r"tps = ([\d.]+)", ran.stdout)
        if ran.returncode or not tps:
            raise RuntimeError(f"pgbench {name}: {ran.stderr.strip()[:500]}")
        spent = self.spent()
        number = int(re.search(r"actually processed: (\d+)", ran.stdout).group(1))
        times = collections.Counter()
        for file in os.listdir(self.folder):
            path = os.path.join(self.folder, file)
            if path.startswith(log + "."):
                with open(path) as lines:
                    times.update(int(line.split()[2]) for line in lines)
                os.remove(path)
        return {"rate": float(tps.group(1)), "times": sorted(times.items()), "cpu": [0, (spent[1] - before[1]) * 1e6 / number, 0]}


def measure(bench, options):
    """Rounds of everything, so that what changes with the machine or the time changes for both sides."""
    wanted = lambda case: case.name in options.cases or case.is_step and "steps" in options.cases
    chosen = [case for case in bench.cases if (wanted(case) if options.cases else not case.is_step)]
    results = collections.defaultdict(list)
    for case in chosen:
        bench.run(case, options.clients, 2)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}, load {load()}", flush=True)
        for case in chosen:
            for clients in sorted({options.clients, 1}, reverse=True):
                results[case.name, clients, "http"].append(bench.run(case, clients, options.seconds))
                for floor in [case.floor] + (["create-bare"] if case.name == "create" else []):
                    if floor:
                        which = "floor" if floor == case.floor else "bare"
                        results[case.name, clients, which].append(bench.floor(floor, clients, options.seconds))
    return chosen, results


def explain(bench):
    """The plans of the floor, beside its statements."""
    for file in sorted(os.listdir(os.path.join(HERE, "floor"))):
        if not file.endswith(".sql"):
            continue
        with open(os.path.join(HERE, "floor", file)) as lines:
            text = re.sub(r"(?<!:):([a-z]+)\b", lambda found: f"'{bench.people[found.group(1)]}'", lines.read())
        # The first run finds the catalogue and the buffers cold.
        both = [row[0] for row in bench.ledger.sql(f"BEGIN; {f'EXPLAIN (ANALYZE, BUFFERS) {text}' * 2} ROLLBACK;")]
        end = next(place for place, line in enumerate(both) if line.startswith("Execution Time"))
        with open(os.path.join(HERE, "floor", file.replace(".sql", ".plan.txt")), "w") as out:
            out.write("\n".join(both[end + 1:]) + "\n")


def main():
    parser = argparse.ArgumentParser(description="See README.md.")
    parser.add_argument("pennypost")
    parser.add_argument("data")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all but the steps unless given; steps: what the parts of `newest` cost")
    parser.add_argument("--listen", default="127.0.0.1:8293")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each stretch")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1, help="of wrk")
    parser.add_argument("--jobs", type=int, default=1, help="threads of pgbench")
    parser.add_argument("--plans", action="store_true", help="write floor/*.plan.txt anew, and measure nothing")
    options = parser.parse_args()
    options.pennypost, options.data = os.path.abspath(options.pennypost), os.path.abspath(options.data)
    with Ledger(options) as ledger:
        ledger.fill()
        # Fresh statistics, and nothing left to write of what was filled in or made by an earlier run.
        ledger.sql("VACUUM (ANALYZE)")
        ledger.sql("CHECKPOINT")
        bench = Bench(options, ledger)
        if options.plans:
            return explain(bench)
        say("scheduler's autogroups", autogroup())
        say("load before", load())
        chosen, results = measure(bench, options)
        say("load after", load())
        now, most = resident(ledger.process.pid)
        say("memory of the server after the run", f"{now} MiB, at most {most} MiB")
        say("memory of PostgreSQL after the run", f"{memory_of_postgres(ledger.postmaster())} MiB")
        with open(os.path.join(options.data, "results.json"), "w") as file:
            json.dump({" ".join(map(str, key)): value for key, value in results.items()}, file)
        print_table(chosen, results, options.clients)


main()
