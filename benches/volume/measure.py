#!/usr/bin/env python3
"""Measures a large import beside a server that answers: measure.py PENNYPOST MAILBOX DATA_DIR [--listen 127.0.0.1:8291]

PENNYPOST is a release build, MAILBOX an mbox (see README.md), DATA_DIR a folder that does not exist yet. Prints one figure a
line. Needs nothing but Python's standard library. Everything that it starts, it ends by its process id.
"""
import argparse
import http.client
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time

PASSWORD = "a rather long pass phrase"
ME = "{ me { id username displayName email } }"
NEWEST = """{ transactions(first: 50) { nodes { id bookedOn amount { amount currency } merchant
    account { name } category { name } } } }"""
JOBS = """{ jobs(first: 20) { nodes { id kind state createdAt startedAt finishedAt
    progress { done total booked inReview failed } } } }"""
REGISTER = "mutation ($input: RegisterInput!) { register(input: $input) { accessToken userErrors { message } } }"


class Client:
    def __init__(self, listen, token=None):
        host, port = listen.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=30)
        self.token = token

    def ask(self, query, variables=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        body = json.dumps({"query": query, "variables": variables or {}})
        try:
            self.connection.request("POST", "/graphql", body, headers)
        except OSError:
            # The server closes what was silent for long.
            self.connection.close()
            self.connection.request("POST", "/graphql", body, headers)
        answer = json.loads(self.connection.getresponse().read())
        if "errors" in answer:
            raise RuntimeError(json.dumps(answer["errors"])[:500])
        return answer["data"]


def say(what, value):
    print(f"{what:<52} {value}", flush=True)


def load():
    return " ".join(open("/proc/loadavg").read().split()[:3])


def start(options):
    environment = dict(os.environ, DATA_DIR=options.data, LISTEN=options.listen, LOG_LEVEL="warn")
    os.makedirs(options.data, exist_ok=True)
    server = subprocess.Popen([options.pennypost, "up"], env=environment, cwd=options.data,
                              stdout=open(os.path.join(options.data, "up.log"), "a"), stderr=subprocess.STDOUT)
    deadline = time.time() + 60
    while time.time() < deadline:
        try:
            Client(options.listen).ask("{ __typename }")
            return server
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.1)
    sys.exit("the server does not answer; see up.log in the data folder")


def peak_of(process):
    status = open(f"/proc/{process.pid}/status").read()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) // 1024


def register(options, name):
    made = Client(options.listen).ask(REGISTER, {"input": {
        "username": name, "email": f"{name}@mail.example", "password": PASSWORD, "timeZone": "Europe/Berlin"}})
    token = made["register"]["accessToken"]
    assert token, made
    return Client(options.listen, token)


class Pulse(threading.Thread):
    """Asks one query again and again, with a short rest between, and keeps how long each took."""

    def __init__(self, options, token, query):
        super().__init__(daemon=True)
        self.client, self.query, self.took, self.goes_on = Client(options.listen, token), query, [], True

    def run(self):
        while self.goes_on:
            begun = time.perf_counter()
            try:
                self.client.ask(self.query)
            except http.client.HTTPException:
                self.client.connection.close()
                continue
            self.took.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.02)

    def stop(self):
        self.goes_on = False
        self.join()
        took = sorted(self.took)
        at = lambda share: took[min(len(took) - 1, int(len(took) * share))]
        return f"p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, max {took[-1]:.1f} ms ({len(took)} requests)"


def pulses(options, token):
    both = [("me", Pulse(options, token, ME)), ("newest page", Pulse(options, token, NEWEST))]
    for _, pulse in both:
        pulse.start()
    return both


def say_pulses(both, when):
    for name, pulse in both:
        say(f"{name}, {when}", pulse.stop())


def importing(options, user):
    environment = dict(os.environ, DATA_DIR=options.data)
    return subprocess.Popen([options.pennypost, "import", options.mailbox, "--user", user], env=environment,
                            cwd=options.data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    said = process.communicate()[0].strip().replace("\n", " | ")
    return said


def jobs(client, kind):
    return [job for job in client.ask(JOBS)["jobs"]["nodes"] if job["kind"] == kind]


def moment(text):
    text, _, fraction = text.rstrip("Z").partition(".")
    text = text.split("+")[0]
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S")) + float("0." + (re.sub(r"\D.*", "", fraction) or "0"))


def counts(client):
    query = "{ emails { totalCount } transactions { totalCount } }"
    found = client.ask(query)
    return found["emails"]["totalCount"], found["transactions"]["totalCount"]


def send_delays(options, stop):
    """Registers somebody every two seconds, which sends a mail, and sees how long that mail waited."""
    delays, people = [], []
    while not stop.wait(2):
        people.append(register(options, f"guest{int(time.time() * 10) % 10 ** 9}"))
    time.sleep(2)
    for person in people:
        for job in jobs(person, "SEND_EMAIL"):
            delays.append((moment(job["startedAt"]) - moment(job["createdAt"])) * 1000 if job["startedAt"] else 1e9)
    return delays


def measure_import(options, ana):
    both = pulses(options, ana.token)
    time.sleep(10)
    say_pulses(both, "idle server")
    delays, stop = [], threading.Event()
    guests = threading.Thread(target=lambda: delays.extend(send_delays(options, stop)))
    say("load before the import", load())
    begun = time.time()
    process = importing(options, "ana")
    guests.start()
    both = pulses(options, ana.token)
    while not jobs(ana, "EXTRACT_EMAILS"):
        time.sleep(0.05)
        if process.poll() is not None:
            sys.exit(finish(process))
    stored = time.time()
    say_pulses(both, "while mails are stored")
    both = pulses(options, ana.token)
    said = finish(process)
    ended = time.time()
    say_pulses(both, "while mails are extracted")
    stop.set()
    guests.join()
    job = jobs(ana, "EXTRACT_EMAILS")[0]
    mails = job["progress"]["done"]
    took = moment(job["finishedAt"]) - moment(job["startedAt"])
    say("load after the import", load())
    say("import said", said)
    say("mails read and stored", f"{mails / (stored - begun):.0f} a second ({mails} in {stored - begun:.1f} s)")
    say("mails extracted", f"{mails / took:.0f} a second (in {took:.1f} s)")
    say("the whole import", f"{ended - begun:.1f} s")
    say("SEND_EMAIL waited", f"at most {max(delays):.0f} ms, {len(delays)} mails" if delays else "none was sent")


def measure_again(options, ana):
    before = counts(ana)
    begun = time.time()
    said = finish(importing(options, "ana"))
    say("second import", f"{time.time() - begun:.1f} s: {said}")
    say("emails and transactions before and after it", f"{before} {counts(ana)}")


def measure_kills(options, server, mails):
    """Another user's import, killed while it stores; then the server, killed while it extracts."""
    ben = register(options, "ben")
    process = importing(options, "ben")
    while counts(ben)[0] < mails * 0.4:
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    finish(process)
    say("import killed (-9) with mails stored", counts(ben)[0])
    begun = time.time()
    process = importing(options, "ben")
    while counts(ben)[1] < counts(ben)[0] * 0.2 or not jobs(ben, "EXTRACT_EMAILS"):
        time.sleep(0.2)
    server.send_signal(signal.SIGKILL)
    server.wait()
    server = start(options)
    ben = Client(options.listen, ben.token)
    say("server killed (-9) with transactions booked", counts(ben)[1])
    said = finish(process)
    while jobs(ben, "EXTRACT_EMAILS")[0]["state"] not in ("SUCCESS", "FAILED", "CANCELLED"):
        time.sleep(0.2)
    say("import again, until the last mail is extracted", f"{time.time() - begun:.1f} s: {said}")
    say("its job", json.dumps(jobs(ben, "EXTRACT_EMAILS")[0]["progress"]))
    return server, ben


def main():
    parser = argparse.ArgumentParser()
    for name in ("pennypost", "mailbox", "data"):
        parser.add_argument(name)
    parser.add_argument("--listen", default="127.0.0.1:8291")
    options = parser.parse_args()
    for name in ("pennypost", "mailbox", "data"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    server = start(options)
    try:
        ana = register(options, "ana")
        measure_import(options, ana)
        say("peak memory of `pennypost up`", f"{peak_of(server)} MB")
        measure_again(options, ana)
        mails, _ = counts(ana)
        server, ben = measure_kills(options, server, mails)
        ana = Client(options.listen, ana.token)
        say("emails and transactions, untouched and killed", f"{counts(ana)} {counts(ben)}")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        say("peak memory of any process started here", f"{peak} MB")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


main()
