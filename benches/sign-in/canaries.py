"""Secrets that are planted, provoked wherever an error could quote them, and looked for wherever something is written down."""
import base64
import glob
import json
import os
import re
import secrets
import subprocess
import threading
import urllib.parse

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from figures import say
from mail_host import MailHost
from server import TOKENS, Redis, Server, said

KNOWN_FIELDS = {"address", "file", "idempotencyKey", "provider"}


def measure(options):
    redis = Redis()
    planted = {"SECRET_KEY": "canary-key-" + secrets.token_urlsafe(36), "SMTP password": "canary-smtp-" + secrets.token_hex(12)}
    host = MailHost(planted["SMTP password"])
    settings = {"SECRET_KEY": planted["SECRET_KEY"], "SMTP_URL": host.url(), "LOG_LEVEL": "debug"} | redis.settings()
    server = Server(options, "canaries", **settings)
    watching = subprocess.Popen(["redis-cli", "-p", str(redis.port), "MONITOR"], stdout=open(os.path.join(server.data, "redis.txt"), "w"))
    try:
        server.start()
        answers, printed = [], live(server, host, planted)
        provoke(server, planted, answers)
        refuse_the_mail(server, host)
        say("planted", ", ".join(sorted(planted)))
        say("answers with errors that were looked through", len(printed[0]) + len(answers))
        places = {
            "the log": server.logged(),
            "what `up` prints": open(server.out).read(),
            "answers with errors": "\n".join(printed[0] + answers),
            "events on a socket": "\n".join(printed[1]),
            "jobs": "\n".join(row[0] for row in server.sql("SELECT jobs::text FROM jobs")),
            "job_events": "\n".join(row[0] for row in server.sql("SELECT job_events::text FROM job_events")),
            "audit_entries": "\n".join(row[0] for row in server.sql("SELECT audit_entries::text FROM audit_entries")),
            "pg_dump": dump(server),
            "commands sent to Redis": open(os.path.join(server.data, "redis.txt"), errors="replace").read(),
            "files in the data folder": files(server),
            "processes' arguments and environments (but pennypost's own)": processes(server),
            "mails": "\n".join(mail.as_string() for _, mail in host.mails),
        }
        say("looked through", ", ".join(f"{place} {len(text) // 1024} KiB" for place, text in places.items()))
        look(planted, places)
        say_which(planted, printed[0] + answers)
    finally:
        server.stop()
        watching.terminate()
        watching.wait()
        host.stop()
        redis.stop()


def live(server, host, planted):
    """An ordinary life with every secret in it. Returns the answers with user errors, and what a socket brought."""
    answers, events = [], []
    for name in ("password", "new password", "wrong password"):
        planted[name] = f"canary {name} {secrets.token_hex(6)}"
    mia = server.register("mia", planted["password"])
    mia.seen = answers
    planted["access token"], planted["first refresh token"] = mia.token, mia.refresh
    made = mia.mutate("createApiToken", {"name": "mine", "scopes": ["READ", "WRITE", "INGEST"]}, "token userErrors { code }")
    planted["API token"] = made["token"]
    listening = threading.Thread(target=listen, args=(server, planted["API token"], events), daemon=True)
    listening.start()
    credentials(server, mia)
    mail_file(server, planted, mia)
    mia.mutate("refreshSession", {"refreshToken": mia.refresh}, TOKENS)
    planted["refresh token"] = mia.mutate("refreshSession", {"refreshToken": mia.refresh}, TOKENS)["refreshToken"]
    mia.mutate("login", {"login": "mia", "password": planted["wrong password"]}, TOKENS)
    for name in ("first", "second"):
        mia.mutate("requestPasswordReset", {"email": "mia@mail.example"})
        planted[f"{name} reset code"] = host.code_for("mia@mail.example", already=int(name == "second"))
    payload = {"email": "mia@mail.example", "code": planted["second reset code"], "newPassword": "short"}
    mia.mutate("resetPassword", payload)
    mia.mutate("resetPassword", payload | {"code": planted["first reset code"], "newPassword": planted["new password"]})
    say("resetPassword", said(mia.mutate("resetPassword", payload | {"newPassword": planted["new password"]})))
    mia.token = None
    mia.mutate("refreshSession", {"refreshToken": planted["first refresh token"]}, TOKENS)
    mia.token = mia.mutate("login", {"login": "mia", "password": planted["new password"]}, TOKENS)["accessToken"]
    planted["second access token"] = mia.token
    mia.ask("{ me { auditEntries { nodes { action changes { field before after } } } apiTokens { nodes { name prefix } } } }")
    _, planted["password of the admin of the command line"] = server.admin()
    first = re.search(r"password\s+(\S+)", open(server.out).read())
    planted["password of the first admin"] = first.group(1)
    return answers, events


def listen(server, token, events):
    try:
        with connect(f"ws://{server.listen}/graphql", subprotocols=["graphql-transport-ws"]) as socket:
            socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": "Bearer " + token}}))
            query = "subscription { myJobEvents { version state kind output error { code message } job { id } } }"
            socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
            for message in socket:
                events.append(message)
    except ConnectionClosed:
        pass


def credentials(server, mia):
    """What a mailbox takes by now: no provider's secret, as far as these lines know."""
    answer = mia.ask('{ __type(name: "CreateConnectedAccountInput") { inputFields { name } } }')
    fields = {field["name"] for field in answer["data"]["__type"]["inputFields"]}
    unknown = fields - KNOWN_FIELDS
    say("what createConnectedAccount takes", ", ".join(sorted(fields)))
    say("credentials of a provider", f"PLANT THEM HERE: {', '.join(sorted(unknown))}" if unknown else "the schema takes none")
    for provider in ("IMAP", "GMAIL"):
        answer = mia.ask("mutation ($input: CreateConnectedAccountInput!) { createConnectedAccount(input: $input)"
                         " { userErrors { code message } } }", {"input": {"provider": provider}})
        say(f"createConnectedAccount {provider}", json.dumps(answer.get("errors") or answer["data"])[:200])


def mail_file(server, planted, mia):
    planted["text of a mail"] = "canary mail text " + secrets.token_hex(6)
    folder = os.path.join(server.data, "import", "mia")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "mails.mbox"), "w") as file:
        file.write("From bank@bank.example Fri Nov 20 10:00:00 2026\nFrom: Bank <alerts@bank.example>\nTo: mia@mail.example\n"
                   "Subject: You spent EUR 4.10 at Corner Shop\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nMessage-ID: <1@bank.example>\n"
                   "Content-Type: text/plain; charset=utf-8\n\nYou spent EUR 4.10 at Corner Shop on 2026-11-20 with your card ending"
                   f" 1965.\n{planted['text of a mail']}\n\n")
    os.utime(os.path.join(folder, "mails.mbox"), (1e9, 1e9))
    mia.mutate("createConnectedAccount", {"provider": "MBOX", "file": "mails.mbox"})
    mia.mutate("fetchEmails", {"source": {"provider": "MBOX"}})
    user = server.user_id("mia")
    server.wait_for(f"SELECT 1 FROM jobs WHERE user_id = '{user}' AND kind = 'EXTRACT_EMAILS' AND state = 'SUCCESS'")


def provoke(server, planted, answers):
    """Each secret where it does not belong, so that an error which quotes what it was given would quote a secret."""
    client = server.client()
    client.seen = answers
    login = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"
    json_headers = {"Content-Type": "application/json"}
    for secret in list(planted.values()):
        # No escape in any of them, so that the text itself is what is looked for.
        client.ask(login, {"input": {"login": "mia", "password": [secret]}})
        client.ask(login, {"input": secret})
        client.ask(f'mutation {{ login(input: {{login: "mia", password: "{secret}"}}) {{ accessToken }}')
        client.ask(f'mutation {{ login(input: {{login: "mia", pass: "{secret}"}}) {{ accessToken }} }}')
        client.ask(f'mutation {{ login(input: "{secret}") {{ accessToken }} }}')
        client.ask(f'{{ user(id: "{secret}") {{ id }} }}')
        client.ask("mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { userErrors { message } } }",
                   {"input": {"refreshToken": secret}})
        client.ask("mutation ($input: RegisterInput!) { register(input: $input) { userErrors { message field } } }",
                   {"input": {"username": "ben", "email": "ben@mail.example", "password": secret, "timeZone": secret}})
        client.ask("{ me { id } }", token=secret.replace("\n", "") + "x")
        client.send("POST", "/graphql", '{"query": "{ me { id } }", "variables": "' + secret + '"}', json_headers)
        client.send("POST", "/graphql", '{"query": "' + secret, json_headers)
        client.send("GET", "/graphql?" + urllib.parse.urlencode({"query": "{ me { id } }", "variables": secret}), None, {})
        client.send("GET", "/graphql?" + urllib.parse.urlencode({"query": secret}), None, {})
        client.send("GET", "/" + urllib.parse.quote(secret), None, {"Authorization": "Basic " + secret})
        bad_socket(server, secret, answers)


def bad_socket(server, secret, answers):
    for payload in ({"Authorization": "Bearer " + secret + "x"}, {"Authorization": [secret]}, None):
        try:
            with connect(f"ws://{server.listen}/graphql", subprotocols=["graphql-transport-ws"]) as socket:
                socket.send(json.dumps({"type": "connection_init", "payload": payload} if payload else {"type": secret}))
                socket.send(json.dumps({"type": "subscribe", "id": secret, "payload": {"query": secret, "variables": {"x": secret}}}))
                answers.append(socket.recv(timeout=3))
        except ConnectionClosed as closed:
            answers.append(str(closed))
        except TimeoutError:
            answers.append("silence")


def refuse_the_mail(server, host):
    """A mail server that does not take the password any more: the job's error is looked through, too."""
    host.password += "-changed"
    server.client().mutate("requestPasswordReset", {"email": "mia@mail.example"})
    server.wait_for("SELECT 1 FROM jobs WHERE kind = 'SEND_EMAIL' AND error_payload IS NOT NULL", 30)


def dump(server):
    words = ["pg_dump", "-h", server.run, "-U", "pennypost", "pennypost"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def files(server):
    """What lies there besides PostgreSQL's own files, the log, and what these lines put there themselves."""
    texts = []
    for path in glob.glob(os.path.join(server.data, "**"), recursive=True):
        name = os.path.relpath(path, server.data)
        if os.path.isfile(path) and not name.startswith(("postgres", "import", "up.", "redis.txt")):
            texts.append(f"{name}\n{open(path, errors='replace').read()}")
    return "\n".join(texts)


def processes(server):
    """Of every process below the server."""
    texts, wanted = [], {server.process.pid}
    for _ in range(3):
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                fields = open(path).read().rpartition(")")[2].split()
                number = int(path.split("/")[2])
            except (OSError, ValueError):
                continue
            if int(fields[1]) in wanted:
                wanted.add(number)
    for number in wanted:
        for name in ("cmdline", "environ"):
            if number == server.process.pid and name == "environ":
                continue
            try:
                texts.append(open(f"/proc/{number}/{name}", errors="replace").read())
            except OSError:
                pass
    return "\n".join(texts)


def forms(secret):
    """The secret as it is and as it may be written otherwise."""
    raw = secret.encode()
    written = {"as it is": secret, "in hex": raw.hex(), "in base64": base64.b64encode(raw).decode().rstrip("="),
               "escaped": urllib.parse.quote(secret)}
    if re.fullmatch(r"[A-Za-z0-9_-]{64}", secret):
        # A refresh token: its first 16 bytes are the family, which is no secret.
        written["its secret bytes in hex"] = base64.urlsafe_b64decode(secret)[16:].hex()
    return written


def say_which(planted, answers):
    """The answers that quote a secret, with its name in its place; once each."""
    quoting = set()
    for answer in answers:
        for name, secret in planted.items():
            if secret in answer:
                quoting.add(answer.replace(secret, f"<{name}>")[:300])
    for answer in sorted(quoting):
        say("an answer that quotes", answer)


def look(planted, places):
    for name, secret in sorted(planted.items()):
        found = []
        for place, text in places.items():
            for form, wanted in forms(secret).items():
                # Six digits may stand in any long number.
                pattern = rf"(?<![0-9A-Za-z.\-]){wanted}(?![0-9A-Za-z])" if name.endswith("reset code") else re.escape(wanted)
                hits = re.findall(pattern, text)
                if hits and not (form == "escaped" and wanted == secret):
                    found.append(f"{place} ({form}, {len(hits)} times)")
        say(name, "; ".join(found) or "nowhere")
