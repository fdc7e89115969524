"""Ten thousand wrong logins, beside somebody who looks at their ledger: what each came to, and whom it kept waiting."""
import collections
import multiprocessing
import queue
import secrets
import threading
import time

from figures import Pulse, say, spread
from server import ME, PASSWORD, TOKENS, Client, Server, outcome, said

CONNECTIONS = 50
ALIASES = 30
# Whose name is hammered from one address and from many; so that no phase begins with the lock of another.
OWNERS = {"one-one": "otto", "one-many": "olga", "aliases": "olga"}


def measure(options):
    share = lambda part: max(ALIASES, int(options.attempts * part))
    phases = [
        ("30 aliases a request", "aliases", share(0.2) // ALIASES * ALIASES),
        ("30 aliases of refreshSession a request", "refresh-aliases", share(0.1) // ALIASES * ALIASES),
        ("one name from one address", "one-one", share(0.2)),
        ("one name from many addresses", "one-many", share(0.2)),
        ("many names from one address", "many-one", share(0.1)),
        ("many names from many addresses", "many-many", share(0.1)),
        ("refreshSession with forged tokens", "refresh", share(0.1)),
    ]
    with Server(options, "hammer", TRUSTED_PROXIES="127.0.0.1/32") as server:
        server.register("otto", address="203.0.113.6")
        owner = server.register("olga", address="203.0.113.7")
        watcher = server.register("walter", address="203.0.113.8")
        pulse = watch(server, watcher)
        time.sleep(10)
        say("me without hammering", pulse.stop())
        total, beside = collections.Counter(), []
        with multiprocessing.Pool(1) as pool:
            for phase in phases:
                total += run_phase(server, pool, phase, owner, watcher, beside)
        say("me beside all of it", spread(beside))
        say("all attempts", dict(total))
        hashed = total["INVALID_CREDENTIALS"]
        counted = server.one("SELECT coalesce(sum(failures), 0) FROM login_attempts WHERE subject LIKE 'name:%'")
        say("reached a password hash: answered so, counted in the database", f"{hashed}, {counted}")
        say("SIGN_IN_LOCKED entries", server.one("SELECT count(*) FROM audit_entries WHERE action = 'SIGN_IN_LOCKED'"))


def watch(server, watcher):
    """Somebody else, who asks `me` every few milliseconds."""
    pulse = Pulse(Client(server.listen, watcher.token, "203.0.113.8"), ME, rest=0.005)
    pulse.start()
    return pulse


def run_phase(server, pool, phase, owner, watcher, beside):
    name, kind, attempts = phase
    pulse = watch(server, watcher)
    begun = time.time()
    hammering = pool.apply_async(hammer, (server.listen, kind, attempts))
    if kind in ("one-many", "many-many"):
        time.sleep(1)
        sign_in_beside(server, owner, name, with_stranger=kind == "one-many")
    found, first_lock = hammering.get()
    took = time.time() - begun
    say(f"{name}: {attempts} in {took:.1f} s", dict(found))
    if first_lock is not None:
        hashed = found["INVALID_CREDENTIALS"]
        say(f"{name}: the lock", f"first answered after {first_lock * 1000:.0f} ms; {hashed} passwords were hashed in all")
    say(f"me beside {name}", pulse.stop())
    beside += pulse.took
    return found


def sign_in_beside(server, owner, name, with_stranger):
    """The owner's device at a new address, the owner's own address without the token, and the owner as a stranger: only while
    the lock is fresh, since a right password behind its end would forget what was counted."""
    ways = [
        ("a known device", {"refreshToken": owner.refresh}, "203.0.113.99"),
        ("a known address without the token", {}, "203.0.113.7"),
        ("an unknown address without the token", {}, "203.0.113.98"),
    ]
    for way, extra, address in ways if with_stranger else ways[:2]:
        client = Client(server.listen, address=address)
        begun = time.perf_counter()
        answer = client.mutate("login", {"login": owner.username, "password": PASSWORD} | extra, TOKENS)
        took = (time.perf_counter() - begun) * 1000
        say(f"beside {name}: the owner at {way}", f"{said(answer)} after {took:.0f} ms")


def hammer(listen, kind, attempts):
    """In a process of its own, so that the clients of one do not slow the clock of the other."""
    work = queue.SimpleQueue()
    size = ALIASES if "aliases" in kind else 1
    for number in range(attempts // size):
        work.put(number)
    outcomes, begun = [], time.perf_counter()
    threads = [threading.Thread(target=knock, args=(listen, kind, size, work, outcomes, begun)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = collections.Counter()
    for _, what, count in outcomes:
        found[what] += count
    return found, min((at for at, what, _ in outcomes if what == "RATE_LIMITED"), default=None)


def knock(listen, kind, size, work, outcomes, begun):
    client = Client(listen)
    while True:
        try:
            number = work.get_nowait()
        except queue.Empty:
            return
        query, variables, address = request(kind, size, number)
        try:
            what = outcome(client.ask(query, variables, address=address)).partition(":")[0]
        except OSError as error:
            client = Client(listen)
            what = type(error).__name__
        outcomes.append((time.perf_counter() - begun, what, size))


def request(kind, size, number):
    is_many_names, is_many_addresses = kind.startswith("many"), kind.endswith("many")
    address = f"198.{18 + is_many_names}.{number // 250}.{number % 250 + 1}" if is_many_addresses else "192.0.2.66"
    if kind.startswith("refresh"):
        fields = "accessToken userErrors { code message }"
        body = "".join(f" a{place}: refreshSession(input: {{refreshToken: \"{secrets.token_urlsafe(48)}\"}}) {{ {fields} }}"
                       for place in range(size))
        return f"mutation {{{body} }}", None, "192.0.2.67"
    name = f"nobody-{number}" if is_many_names else OWNERS[kind]
    if size == 1:
        query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken userErrors { code message } } }"
        return query, {"input": {"login": name, "password": f"wrong pass phrase {number}"}}, address
    body = "".join(f" a{place}: login(input: {{login: \"{name}\", password: \"wrong pass phrase {number} {place}\"}})"
                   " { accessToken userErrors { code message } }" for place in range(size))
    return f"mutation {{{body} }}", None, address
