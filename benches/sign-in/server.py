"""A pennypost of one's own: started on a new folder, asked over HTTP, looked into with psql, and stopped by its process id."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

PASSWORD = "a rather long pass phrase"
ME = "{ me { id username displayName email } }"
TOKENS = "accessToken refreshToken userErrors { code message field retryAfterSeconds }"
ERRORS = "userErrors { code message field retryAfterSeconds }"


class Client:
    """One connection. `address` is what a proxy would say of the client."""

    def __init__(self, listen, token=None, address=None):
        host, port = listen.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=120)
        self.token, self.address, self.status = token, address, None
        self.seen = None

    def ask(self, query, variables=None, address=None, token=None):
        """The whole answer, errors included."""
        headers = {"Content-Type": "application/json"}
        if token or self.token:
            headers["Authorization"] = "Bearer " + (token or self.token)
        if address or self.address:
            headers["X-Forwarded-For"] = address or self.address
        return self.send("POST", "/graphql", json.dumps({"query": query, "variables": variables or {}}), headers)

    def send(self, method, path, body, headers):
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (OSError, http.client.RemoteDisconnected):
            # The server closes what was silent for long.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        self.status, text = response.status, response.read().decode()
        if self.seen is not None and ('"errors":' in text or '"userErrors":[{' in text or self.status >= 400):
            self.seen.append(text)
        try:
            return json.loads(text)
        except ValueError:
            return {"errors": [{"message": text, "extensions": {"code": f"HTTP {self.status}"}}]}

    def mutate(self, name, payload, selection=ERRORS, **how):
        """The payload of one mutation; `RuntimeError` for an error of the request."""
        kind = name[0].upper() + name[1:] + "Input"
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {selection} }} }}"
        answer = self.ask(query, {"input": payload}, **how)
        if "errors" in answer:
            raise RuntimeError(f"{name}: {json.dumps(answer['errors'])[:500]}")
        return answer["data"][name]


def outcome(answer, field=None):
    """In a word or two what an answer came to."""
    if "errors" in answer:
        return "error " + answer["errors"][0].get("extensions", {}).get("code", "without a code")
    payload = next(iter(answer["data"].values())) if field is None else answer["data"][field]
    return said(payload)


def said(payload):
    found = payload["userErrors"]
    return "done" if not found else f"{found[0]['code']}: {found[0]['message']}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`pennypost up` in the folder `name` below the data folder; its log and what it prints lie there too."""

    def __init__(self, options, name, **settings):
        self.pennypost, self.listen = options.pennypost, options.listen
        self.data = os.path.join(options.data, name)
        os.makedirs(self.data, exist_ok=False)
        self.settings, self.process = settings, None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def environment(self):
        own = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "DATA_DIR": self.data, "LISTEN": self.listen}
        return own | {"LOG_LEVEL": "info"} | self.settings

    def start(self, **settings):
        self.settings = self.settings | settings
        with open(self.out, "a") as out, open(self.log, "a") as log:
            self.process = subprocess.Popen([self.pennypost, "up"], env=self.environment(), cwd=self.data, stdout=out, stderr=log)
        deadline = time.time() + 120
        while time.time() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if "data" in Client(self.listen).ask("{ __typename }"):
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the server does not answer; see {self.log}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    @property
    def out(self):
        return os.path.join(self.data, "up.out")

    @property
    def log(self):
        return os.path.join(self.data, "up.log")

    def logged(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def client(self, token=None, address=None):
        return Client(self.listen, token, address)

    def register(self, name, password=PASSWORD, address=None):
        """A client of the new user, with `refresh` beside the token."""
        client = self.client(address=address)
        payload = {"username": name, "email": f"{name}@mail.example", "password": password, "timeZone": "Europe/Berlin"}
        made = client.mutate("register", payload, TOKENS)
        if not made["accessToken"]:
            raise RuntimeError(f"register {name}: {made['userErrors']}")
        client.token, client.refresh, client.username = made["accessToken"], made["refreshToken"], name
        return client

    def command(self, *words):
        """What another `pennypost` of the command line prints on the same data folder."""
        ran = subprocess.run([self.pennypost, *words], env=self.environment(), cwd=self.data, capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"{' '.join(words)}: {ran.stdout} {ran.stderr}"[:800])
        return ran.stdout

    def admin(self, name="chief"):
        """A client of a new admin of the command line, and its password."""
        printed = self.command("user", "create-admin", name, "--email", f"{name}@mail.example")
        password = re.search(r"password\s+(\S+)", printed).group(1)
        client = self.client()
        client.token = client.mutate("login", {"login": name, "password": password}, TOKENS)["accessToken"]
        return client, password

    def sql(self, text):
        """The rows, each a list of texts."""
        words = ["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-h", self.run, "-U", "pennypost", "pennypost"]
        ran = subprocess.run(words, input=text, capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"psql: {ran.stderr.strip()[:800]}")
        return [line.split("\x1f") for line in ran.stdout.splitlines() if line]

    def one(self, text):
        return self.sql(text)[0][0]

    @property
    def run(self):
        return os.path.join(self.data, "run")

    def user_id(self, name):
        return self.one(f"SELECT id FROM users WHERE username = '{name}'")

    def wait_for(self, text, patience=60, every=0.1):
        """Asks until there is a row, which it returns; None when patience ends."""
        deadline = time.time() + patience
        while time.time() < deadline:
            rows = self.sql(text)
            if rows:
                return rows[0]
            time.sleep(every)
        return None


class Redis:
    """A Redis that can be looked into, unlike the private one of `up`."""

    def __init__(self):
        self.port = free_port()
        words = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp")
        while self.ask("PING") != "PONG":
            time.sleep(0.05)

    def settings(self):
        names = ["REDIS_BASE_URL", "REDIS_EMAIL_URL", "REDIS_EVENTS_URL"]
        return {name: f"redis://127.0.0.1:{self.port}/0" for name in names}

    def ask(self, *words):
        ran = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, errors="replace")
        return ran.stdout.strip()

    def everything(self):
        """What each key holds."""
        looks = {"string": ["GET"], "list": ["LRANGE", "0", "-1"], "stream": ["XRANGE", "-", "+"], "set": ["SMEMBERS"],
                 "hash": ["HGETALL"], "zset": ["ZRANGE", "0", "-1", "WITHSCORES"]}
        held = {}
        for key in self.ask("--scan").splitlines():
            command, *rest = looks.get(self.ask("TYPE", key), ["TYPE"])
            held[key] = self.ask(command, key, *rest)
        return held

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
