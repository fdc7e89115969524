"""The server that is measured: `pennypost up` on a data folder that is filled once and kept, and who asks it."""
import base64
import datetime
import json
import os
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "sign-in"))

from figures import say  # noqa: E402
from server import PASSWORD, TOKENS, Server  # noqa: E402

# The largest bucket of costs that there may be, full again within a second: it never answers.
BUCKET = {"COST_CAPACITY": "1000000000", "COST_RESTORED_PER_SECOND": "1000000000"}
USERS, ROWS = 1_000, 1_000_000
DONE = "filled"


class Ledger(Server):
    """Unlike its parent it takes up a folder that an earlier run has filled."""

    def __init__(self, options):
        self.pennypost, self.listen, self.data = options.pennypost, options.listen, options.data
        self.settings = BUCKET | {"ACCESS_TOKEN_EXPIRE_MINUTES": "1440", "LOG_LEVEL": "warn", "TRUSTED_PROXIES": "127.0.0.1/32"}
        self.process = None
        os.makedirs(self.data, exist_ok=True)

    def fill(self):
        marker = os.path.join(self.data, DONE)
        if os.path.exists(marker):
            return
        begun = time.time()
        self.register("ana")
        self.register("cleo")
        self.command("user", "create-admin", "chief", "--email", "chief@mail.example")
        # So that the measuring can sign in as anybody: one password for all.
        self.sql("UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE username = 'ana')")
        words = ["psql", "-X", "-q", "-o", os.devnull, "-h", self.run, "-U", "pennypost", "-v", f"users={USERS}", "-v", f"rows={ROWS}",
                 "-f", os.path.join(HERE, "fill.sql"), "pennypost"]
        subprocess.run(words, check=True)
        open(marker, "w").close()
        say("filled", f"{USERS} users, {ROWS} transactions in {time.time() - begun:.0f} s")

    def postmaster(self):
        with open(os.path.join(self.data, "postgres", "postmaster.pid")) as file:
            return int(file.readline())

    def sign_in(self, name):
        made = self.client().mutate("login", {"login": name, "password": PASSWORD}, TOKENS)
        if not made["accessToken"]:
            raise RuntimeError(f"login {name}: {made['userErrors']}")
        return made["accessToken"]

    def people(self):
        """What the questions need to know of the database, as texts."""
        user = self.user_id("ana")
        place = 800
        day, row = self.sql(f"""SELECT booked_on, id FROM transactions WHERE user_id = '{user}' AND deleted_at IS NULL
            ORDER BY booked_on DESC, id DESC OFFSET {place - 1} LIMIT 1""")[0]
        writer = self.user_id("cleo")
        account, category = self.sql(f"""SELECT (SELECT id FROM accounts WHERE user_id = '{writer}' ORDER BY id LIMIT 1),
            (SELECT id FROM categories WHERE user_id = '{writer}' AND kind = 'EXPENSE' ORDER BY id LIMIT 1)""")[0]
        # Not the newest day of all, so that what is made does not become what an admin sees first.
        newest, first = self.sql("SELECT max(booked_on) - 1, date_trunc('month', max(booked_on)) - interval '11 months' FROM transactions"
                                 " WHERE deleted_at IS NULL AND source <> 'MANUAL'")[0]
        session = self.one(f"SELECT id FROM sessions WHERE user_id = '{writer}' ORDER BY id DESC LIMIT 1")
        return {"user": user, "day": day, "row": row, "writer": writer, "account": account, "category": category, "session": session,
                "booked": newest, "from": first[:10], "to": str(datetime.date.fromisoformat(newest) + datetime.timedelta(days=1))}


def global_id(tag, row):
    """As src/graphql/global_id.rs writes it."""
    return base64.urlsafe_b64encode(bytes([tag]) + uuid.UUID(row).bytes).decode().rstrip("=")


def cursor(day, row):
    """As src/graphql/cursor.rs writes it: the days since the year 1, and the id."""
    days = datetime.date.fromisoformat(day).toordinal()
    return base64.urlsafe_b64encode(days.to_bytes(4, "big") + uuid.UUID(row).bytes).decode().rstrip("=")


def body(query, variables=None):
    return json.dumps({"query": query, "variables": variables or {}})
