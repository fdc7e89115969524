"""A user with a hundred thousand transactions leaves: how long it takes, who waits, and what is left of them anywhere."""
import time

from figures import Pulse, say
from server import ME, PASSWORD, Redis, Server, said

PATIENCE = 1800
COPY = "md5({}::text || ':' || k)::uuid"
# What is another value in each copy of a row; every other column is as it was.
COPIES = {
    "emails": {"id": COPY.format("id"), "fingerprint": "sha256((id::text || ':' || k)::bytea)"},
    "email_places": {"id": COPY.format("id"), "email_id": COPY.format("email_id"), "provider_key": "provider_key || ':' || k"},
    "email_sources": {"email_id": COPY.format("email_id")},
    "email_texts": {"email_id": COPY.format("email_id")},
    "extractions": {"id": COPY.format("id"), "email_id": COPY.format("email_id")},
    "transactions": {"id": COPY.format("id")},
    "sightings": {name: COPY.format(name) for name in ("id", "email_id", "extraction_id", "transaction_id")},
}
AUDIT_ENTRIES = 10_000


def measure(options):
    redis = Redis()
    try:
        with Server(options, "leaving", TRUSTED_PROXIES="127.0.0.1/32", **redis.settings()) as server:
            watcher = server.register("walter")
            for name, with_llm in (("leo", False), ("lena", True)):
                fill(server, name, 0 if with_llm else options.rows, with_llm)
            measure_leaving(server, watcher, redis, "leo", "a large ledger")
            measure_leaving(server, watcher, redis, "lena", "a small ledger with calls of a language model")
    finally:
        redis.stop()


def fill(server, name, rows, with_llm):
    client = server.register(name, address="203.0.113.20")
    user = server.user_id(name)
    client.mutate("createConnectedAccount", {"provider": "DEMO"})
    client.mutate("fetchEmails", {"source": {"provider": "DEMO"}})
    done = server.wait_for(f"SELECT 1 FROM jobs WHERE user_id = '{user}' AND kind = 'EXTRACT_EMAILS' AND state = 'SUCCESS'", 120)
    assert done, "the demo mailbox was not read"
    begun = time.time()
    booked = int(server.one(f"SELECT count(*) FROM transactions WHERE user_id = '{user}'"))
    for table, values in COPIES.items() if rows else ():
        copy(server, table, values, user, (rows - 1) // booked)
    if with_llm:
        server.sql(f"""INSERT INTO llm_usages (id, user_id, email_id, extraction_id, job_id, attempt, call, model, latency_ms, outcome)
            SELECT gen_random_uuid(), user_id, email_id, id, gen_random_uuid(), 1, 1, 'a-model', 10, 'ANSWERED'
            FROM extractions WHERE user_id = '{user}' LIMIT 10""")
    else:
        server.sql(f"""INSERT INTO audit_entries (id, at, action, owner, actor, credential_kind, credential, address, subject_kind,
                subject, changes, request_id)
            SELECT gen_random_uuid(), now(), 'TRANSACTION_UPDATED', '{user}', '{user}', 'SESSION', gen_random_uuid(), '203.0.113.20',
                'TRANSACTION', gen_random_uuid(), '{{"merchant": ["Café", "Bar"]}}', gen_random_uuid()
            FROM generate_series(1, {AUDIT_ENTRIES})""")
    touch_the_rest(server, client, name)
    server.sql("ANALYZE")
    counted = server.sql(f"""SELECT (SELECT count(*) FROM transactions WHERE user_id = '{user}'),
        (SELECT count(*) FROM emails WHERE user_id = '{user}'), (SELECT count(*) FROM audit_entries WHERE owner = '{user}')""")[0]
    say(f"{name}: transactions, mails, audit entries", f"{', '.join(counted)} (filled in {time.time() - begun:.0f} s)")


def copy(server, table, values, user, copies):
    columns = [row[0] for row in server.sql("SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                                            f" AND table_name = '{table}' AND is_generated = 'NEVER' ORDER BY ordinal_position")]
    chosen = ", ".join(values.get(column, column) for column in columns)
    server.sql(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table}, generate_series(1, {copies}) AS k"
               f" WHERE user_id = '{user}'")


def touch_the_rest(server, client, name):
    """A row in the small tables, too: a token, a key, a code, a wrong password from a known place, one from elsewhere."""
    client.mutate("createApiToken", {"name": "mine", "scopes": ["READ"]})
    payload = {"name": "Purse", "kind": "CASH", "currency": "EUR", "idempotencyKey": "one"}
    client.mutate("createAccount", payload)
    client.mutate("requestPasswordReset", {"email": f"{name}@mail.example"})
    for address in ("203.0.113.20", "203.0.113.21"):
        client.mutate("login", {"login": name, "password": "a wrong pass phrase"}, address=address)
    user = server.user_id(name)
    assert server.wait_for(f"SELECT 1 FROM password_resets WHERE user_id = '{user}'"), "no code was made"


def measure_leaving(server, watcher, redis, name, what):
    user = server.user_id(name)
    pulse = Pulse(server.client(watcher.token), ME)
    pulse.start()
    time.sleep(5)
    say(f"{what}: me of another user before", pulse.stop())
    pulse = Pulse(server.client(watcher.token), ME)
    pulse.start()
    client = server.client()
    token = client.mutate("login", {"login": name, "password": PASSWORD}, "accessToken")["accessToken"]
    entries = server.sql(f"SELECT id, at, action FROM audit_entries WHERE owner = '{user}' OR actor = '{user}'")
    begun = time.perf_counter()
    answer = said(client.mutate("deleteUser", {"password": PASSWORD}, token=token))
    say(f"{what}: deleteUser", f"{answer} after {(time.perf_counter() - begun) * 1000:.0f} ms")
    job = wait_for_job(server, user, what)
    say(f"{what}: me of another user meanwhile", pulse.stop())
    say(f"{what}: the job", f"{job[0]} after {time.perf_counter() - begun:.1f} s, attempt {job[1]}, output {job[2]}, error {job[3]}")
    find_leftovers(server, redis, user, name, what)
    look_at_audit(server, entries, user, what)


def wait_for_job(server, user, what):
    """Until it ends. A fault that comes again at each attempt is no end, and is not waited for."""
    ask = ("SELECT state, attempt, output_payload::text, error_payload::text, interruptions FROM jobs WHERE kind = 'DELETE_USER'"
           # A job that is done keeps no word of whom it deleted; they leave one after the other.
           " ORDER BY id DESC LIMIT 1")
    deadline = time.time() + PATIENCE
    while time.time() < deadline:
        job = server.sql(ask)[0]
        if job[0] in ("SUCCESS", "FAILED", "CANCELLED") or (job[3] and int(job[1]) - int(job[4]) >= 3):
            return job
        time.sleep(0.25)
    return job


def find_leftovers(server, redis, user, name, what):
    columns = server.sql("""SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
        JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, 2""")
    uuids = [(table, column) for table, column, kind in columns if kind == "uuid"]
    found = count_each(server, uuids, lambda table, column: f"SELECT count(*) FROM {table} WHERE {column} = '{user}'")
    say(f"{what}: the id in {len(uuids)} columns of type uuid", found or "nowhere")
    pattern = f"{user}|{user.replace('-', '')}"
    tables = sorted({table for table, _, _ in columns})
    for title, wanted in (("the id", pattern), ("the name or the address", f"\\m{name}\\M")):
        found = count_each(server, [(table, "") for table in tables],
                           lambda table, _: f"SELECT count(*) FROM {table} AS whole WHERE whole::text ~* '{wanted}'")
        say(f"{what}: {title} in any text of {len(tables)} tables", found or "nowhere")
    holding = [f"{key} ({held.count(user)} times, expires in {redis.ask('TTL', key)} s)"
               for key, held in redis.everything().items() if user in key + held]
    say(f"{what}: the id in Redis", "; ".join(holding) or "nowhere")


def count_each(server, places, ask):
    found = {}
    for table, column in places:
        count = int(server.one(ask(table, column)))
        if count:
            found[f"{table}.{column}".rstrip(".")] = count
    return found


def look_at_audit(server, entries, user, what):
    ids = ", ".join(f"'{entry[0]}'" for entry in entries)
    kept = {tuple(row) for row in server.sql(f"SELECT id, at, action FROM audit_entries WHERE id IN ({ids})")}
    say(f"{what}: audit entries kept, with their time and action", f"{len(kept & {tuple(e) for e in entries})} of {len(entries)}")
    # The entry of the wish to be deleted is among them, and was not there before.
    theirs = f"SELECT coalesce(owner, actor) FROM audit_entries WHERE id IN ({ids})"
    row = server.sql(f"""SELECT count(*), count(DISTINCT coalesce(owner, actor)), count(*) FILTER (WHERE owner <> actor),
        count(credential_kind), count(credential), count(address), count(subject_kind), count(subject), count(request_id),
        count(*) FILTER (WHERE changes <> '{{}}'), count(*) FILTER (WHERE owner = '{user}' OR actor = '{user}')
        FROM audit_entries WHERE owner IN ({theirs}) OR actor IN ({theirs})""")[0]
    names = ["entries", "pseudonyms", "owner and actor apart", "credential kinds", "credentials", "addresses", "subject kinds", "subjects",
             "request ids", "changes", "with the id"]
    say(f"{what}: what they hold besides (expected: 1 pseudonym, else 0)",
        ", ".join(f"{name} {count}" for name, count in zip(names, row)))
