#!/usr/bin/env python3
"""How PostgreSQL finds what each order and filter asks for: plans.py PENNYPOST DATA_DIR, on a folder that measure.py has filled.

Sends every order and filter of every list, has auto_explain write down the plan of each statement that the server really sends, and
prints those that read or sort more than LARGE rows for a page of fifty.
"""
import argparse
import collections
import itertools
import json
import os
import re
import time

from cases import PAGE
from figures import load, say
from ledger import Ledger, cursor, global_id
from relations import documents

LARGE = 10_000
# Asked at most once in three seconds, whatever the request.
STANDING = 'FROM ("sessions" INNER JOIN "users"'
EXPLAINING = {"session_preload_libraries": "'auto_explain'", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
              "auto_explain.log_timing": "off", "auto_explain.log_format": "'json'"}
ORDERS = {"transactions": ("BOOKED_ON_DESC", "BOOKED_ON_ASC"), "emails": ("RECEIVED_AT_DESC", "RECEIVED_AT_ASC"),
          "accounts": ("CREATED_AT_ASC", "CREATED_AT_DESC"), "categories": ("CREATED_AT_ASC", "CREATED_AT_DESC")}


def filters(known):
    """What each list can be filtered by: for each condition a value that is common, rare, or nobody's."""
    recent, old = f"{known['recent']}T00:00:00Z", f"{known['old']}T00:00:00Z"
    return {
        "transactions": [
            {"bookedFrom": known["recent"]}, {"bookedTo": known["old"]}, {"bookedFrom": known["middle"], "bookedTo": known["middle"]},
            {"minAmount": "399.9"}, {"maxAmount": "0.51"}, {"currencies": ["GBP"]}, {"currencies": ["JPY"]}, {"accountIds": [known["account"]]},
            {"categoryIds": [known["category"]]}, {"hasCategory": True}, {"hasCategory": False}, {"direction": "IN"}, {"direction": "OUT"},
            {"sources": ["API"]}, {"states": ["VOID"]}, {"states": ["PENDING"]}, {"text": "merchant 7"}, {"text": "no such thing"}],
        "emails": [{"connectedAccountIds": [known["mailbox"]]}, {"extractionStatus": ["FAILED"]}, {"extractionStatus": ["PENDING"]},
                   {"extractionStatus": ["COMPLETED"]}, {"receivedFrom": recent}, {"receivedTo": old}, {"text": "merchant 7"},
                   {"text": "no such thing"}],
        "extractions": [{"emailIds": [known["email"]]}, {"kinds": ["MARKETING"]}, {"kinds": ["FEE"]}, {"outcomes": ["IN_REVIEW"]},
                        {"outcomes": ["FAILED"]}],
        "sightings": [{"emailIds": [known["email"]]}, {"states": ["IN_REVIEW"]}, {"states": ["REJECTED"]}, {"states": ["FILED"]}],
        "jobs": [{"kinds": ["SEND_EMAIL"]}, {"kinds": ["RETENTION"]}, {"states": ["FAILED"]}, {"states": ["CANCELLED"]},
                 {"states": ["RUNNING", "QUEUED"]}, {"userId": known["user"]}],
        "auditEntries": [{"actions": ["API_TOKEN_CREATED"]}, {"actions": ["JOB_RETRIED"]}, {"from": recent}, {"to": old}],
        "accounts": [{"currencies": ["GBP"]}, {"currencies": ["JPY"]}, {"kinds": ["CARD"]}, {"text": "bank 3"}, {"text": "no such thing"}],
        "categories": [{"isAtTop": True}, {"isAtTop": False}, {"kinds": ["INCOME"]}, {"parentIds": [known["category"]]}, {"text": "food"},
                       {"text": "no such thing"}],
    }


def facts(ledger):
    """The user with the most transactions, and what is theirs."""
    user = ledger.one("SELECT user_id FROM transactions WHERE user_id IN (SELECT user_id FROM emails) GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    name, recent, middle, old = ledger.sql(f"""SELECT (SELECT username FROM users WHERE id = '{user}'), max(booked_on) - 3,
        max(booked_on) - 900, min(booked_on) + 3 FROM transactions WHERE user_id = '{user}' AND deleted_at IS NULL""")[0]
    of = lambda table, tag: global_id(tag, ledger.one(f"SELECT id FROM {table} WHERE user_id = '{user}' ORDER BY id LIMIT 1"))
    day, row = ledger.sql(f"""SELECT booked_on, id FROM transactions WHERE user_id = '{user}' AND deleted_at IS NULL
        ORDER BY booked_on DESC, id DESC OFFSET 10000 LIMIT 1""")[0]
    return {"user": global_id(1, user), "name": name, "recent": recent, "middle": middle, "old": old, "account": of("accounts", 3),
            "category": of("categories", 2), "mailbox": of("connected_accounts", 5), "email": of("emails", 6), "after": cursor(day, row)}


def page(field, given=None, order=None, selection="nodes { id }", **arguments):
    """(what it asks, the document)."""
    parts = [f"{name}: {json.dumps(value)}" for name, value in arguments.items()]
    parts += [f"orderBy: {order}"] if order else []
    parts += [f"filter: {written(given)}"] if given else []
    told = f"({', '.join(parts)})" if parts else ""
    return f"{field}{told} {selection}", f"{{ {field}{told} {{ {selection} }} }}"


def written(value):
    """A value as GraphQL writes it; a text in capitals is the name of an enum."""
    if isinstance(value, dict):
        # Currencies are written like names of enums, and are texts.
        each = (f"{name}: {json.dumps(given) if name == 'currencies' else written(given)}" for name, given in value.items())
        return "{" + ", ".join(each) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    if isinstance(value, str) and re.fullmatch(r"[A-Z][A-Z_]+", value):
        return value
    return json.dumps(value)


def questions(known):
    """Every list with every order, every filter, pairs of filters, from both ends and behind a cursor; sums, counts, and what hangs on rows."""
    found = []
    for field, given in filters(known).items():
        orders = ORDERS.get(field, (None,))
        for order, one, where in itertools.product(orders, [None] + given, ({"first": 50}, {"last": 50})):
            found.append(page(field, one, order, **where))
        for one, other in itertools.combinations(given, 2):
            if not one.keys() & other.keys():
                found.append(page(field, one | other, orders[0], first=50))
        found += [page(field, one, selection="totalCount", first=1) for one in [None] + given]
    found += [page("transactions", one, order, first=50, after=known["after"])
              for one in [None] + filters(known)["transactions"] for order in ORDERS["transactions"]]
    found += [page(field, first=50) for field in ("users", "connectedAccounts", "llmUsages")]
    found += [page("users", first=50, search=text) for text in ("user77", "no such thing")]
    found += [(PAGE, PAGE.replace("$after: String", "").replace("query ()", "query").replace(", after: $after", ""))]
    period = f"period: {{from: \"{known['middle']}\", to: \"{known['recent']}\"}}"
    found += [(text, text) for text in (f"{{ spending({period}, groupBy: {group}) {{ transactionCount }} }}" for group in
                                        ("CATEGORY", "MERCHANT", "ACCOUNT"))]
    found += [(text, text) for text in (
        f"{{ statistics {{ llmCosts({period}) {{ costUsd }} }} }}", f"{{ cashFlow({period}) {{ transactionCount }} }}",
        f"{{ me {{ llmCosts({period}) {{ costUsd }} }} }}", 
        "{ statistics { emails { __typename } jobs { __typename } transactionCount users { all } } }",
        "{ me { sessions(first: 50) { nodes { id } } apiTokens(first: 50) { nodes { id } } jobs(first: 50) { nodes { id } } } }",
        "{ accounts(first: 10) { nodes { balance { amount } transactions(first: 10) { totalCount nodes { id } } } } }",
        "{ categories(first: 10) { nodes { transactions(first: 10) { totalCount nodes { id } } children(first: 5) { nodes { id } } } } }",
        "{ emails(first: 10) { nodes { transactions(first: 5) { totalCount nodes { id } } } } }",
        "{ transactions(first: 50) { nodes { email { id } extraction { id } job { id } } } }")]
    return found


class Log:
    """What PostgreSQL writes, as the server passes it on."""

    def __init__(self, ledger):
        self.ledger, self.at, self.background = ledger, os.path.getsize(ledger.log), set()

    def plans(self):
        """The plans since the last call, (milliseconds, plan) each, once all of the last one is there."""
        for _ in range(20):
            time.sleep(0.03)
            with open(self.ledger.log, errors="replace") as file:
                file.seek(self.at)
                text = file.read()
                end = file.tell()
            try:
                found = self.read(text)
            except ValueError:
                continue
            self.at = end
            return [(took, plan) for took, plan in found if plan["Query Text"] not in self.background and STANDING not in plan["Query Text"]]
        raise RuntimeError("a plan is never written to its end")

    def read(self, text):
        lines = [found.group(1) for found in re.finditer(r"^\S+ DEBUG (.*?) server=\"postgres\"$", text, re.MULTILINE)]
        text, found = "\n".join(lines), []
        for start in re.finditer(r"duration: ([\d.]+) ms  plan:\n", text):
            plan, _ = json.JSONDecoder(strict=False).raw_decode(text[start.end():].lstrip())
            found.append((float(start.group(1)), plan))
        return found

    def learn_background(self):
        """What the workers ask anyway, which is no part of any answer."""
        time.sleep(12)
        self.background = {plan["Query Text"] for _, plan in self.plans()}


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def large(plan, rows_of):
    """What is too much about a plan, in words."""
    for node in nodes(plan):
        loops = node.get("Actual Loops", 1)
        removed = (node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)) * loops
        read = node.get("Actual Rows", 0) * loops + removed
        kind, table = node["Node Type"], node.get("Relation Name", "")
        if kind == "Seq Scan" and rows_of.get(table, 0) > LARGE and read > LARGE:
            yield f"reads all of {table}: {read} rows"
        elif removed > LARGE:
            yield f"throws away {removed} rows of {table} ({node.get('Index Name', kind)})"
        elif kind == "Sort" and node["Plans"][0]["Actual Rows"] > LARGE:
            yield f"sorts {node['Plans'][0]['Actual Rows']} rows"
        elif "Relation Name" in node and read > LARGE:
            yield f"reads {read} rows of {table} ({node.get('Index Name', kind)})"


def look(ledger, options):
    known = facts(ledger)
    rows_of = {table: float(rows) for table, rows in ledger.sql("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'")}
    log, statements, worst = Log(ledger), collections.Counter(), {}
    log.learn_background()
    with open(os.path.join(options.data, "plans.jsonl"), "w") as out:
        for who in (known["name"], "chief"):
            client = ledger.client(ledger.sign_in(who))
            viewer = "an admin" if who == "chief" else f"a user with {ledger.one(counted(who))} transactions"
            client.ask("{ me { id } }")
            for told, document in questions(known):
                log.plans()
                answer = client.ask(document)
                if "errors" in answer:
                    say(f"FAILED {told}", answer["errors"][0]["message"][:200])
                found = log.plans()
                statements[viewer, len(found)] += 1
                out.write(json.dumps({"viewer": viewer, "asked": told, "plans": found}) + "\n")
                for took, plan in found:
                    for what in large(plan["Plan"], rows_of):
                        worst[viewer, told] = max(worst.get((viewer, told), (0.0, "")), (took, what))
            count_statements(client, log, viewer)
    show(worst)
    say("questions by viewer and number of statements", dict(statements))


def show(worst):
    """The slowest of each kind, whatever its order and values; a pair of filters only where neither of them is there alone."""
    slowest, number = {}, collections.Counter()
    for (viewer, told), found in worst.items():
        kind = viewer, re.sub(r": (\[[^]]*\]|\"[^\"]*\"|\w+)", "", told)
        number[kind] += 1
        slowest[kind] = max(slowest.get(kind, (0.0, "", "")), (*found, told))
    alone = {(viewer, field, name) for viewer, kind in slowest for field, name in re.findall(r"^(\w+)\(.*filter: \{(\w+)\}", kind)}
    for (viewer, kind), (took, what, told) in sorted(slowest.items(), key=lambda item: -item[1][0]):
        pair = re.search(r"^(\w+)\(.*filter: \{(\w+), (\w+)\}", kind)
        if not pair or not {(viewer, pair[1], pair[2]), (viewer, pair[1], pair[3])} & alone:
            print(f"{took:9.1f} ms  {viewer}: {told}\n              {what}; {number[viewer, kind]} of this kind")


def count_statements(client, log, viewer):
    """Whether a page with all that hangs on its rows takes more statements when it is longer."""
    for counts in (False, True):
        for (field, short), (_, long) in zip(documents(2, counts), documents(7, counts)):
            taken = []
            for document in (short, long):
                log.plans()
                answer = client.ask(document)
                if "errors" in answer:
                    say(f"FAILED {field}", answer["errors"][0]["message"][:200])
                taken.append(len(log.plans()))
            told = "with all that hangs on them, counted" if counts else "with all that hangs on them"
            say(f"{viewer}: {field} {told}", f"{taken[0]} statements for 2 rows, {taken[1]} for 7" + (" MORE" if taken[1] > taken[0] else ""))


def counted(name):
    return f"SELECT count(*) FROM transactions JOIN users ON users.id = user_id WHERE username = '{name}' AND deleted_at IS NULL"


def main():
    parser = argparse.ArgumentParser(description="See README.md.")
    parser.add_argument("pennypost")
    parser.add_argument("data")
    parser.add_argument("--listen", default="127.0.0.1:8294")
    options = parser.parse_args()
    options.pennypost, options.data = os.path.abspath(options.pennypost), os.path.abspath(options.data)
    ledger = Ledger(options)
    with ledger:
        ledger.sql("".join(f"ALTER DATABASE pennypost SET {name} = {value};" for name, value in EXPLAINING.items()))
    ledger.settings["LOG_LEVEL"] = "debug"
    with ledger:
        try:
            look(ledger, options)
        finally:
            ledger.sql("".join(f"ALTER DATABASE pennypost RESET {name};" for name in EXPLAINING))
    say("load after", load())


main()
