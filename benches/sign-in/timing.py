"""Whether a clock tells who is registered: wrong passwords and wishes for a code, for users and for nobody."""
import random
import time

from figures import say, say_difference
from server import Server

# Fewer than the five that lock a name, and than the five wishes that an address may send.
TRIES_OF_A_NAME = 4
LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { accessToken userErrors { code } } }"
WISH = "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { userErrors { code } } }"


def measure(options):
    names = (options.tries + TRIES_OF_A_NAME - 1) // TRIES_OF_A_NAME
    settings = {"TRUSTED_PROXIES": "127.0.0.1/32", "COST_CAPACITY": "1000000000", "COST_RESTORED_PER_SECOND": "1000000000"}
    with Server(options, "timing", LOG_LEVEL="warn", **settings) as server:
        addresses = new_addresses()
        for group in ("login", "wish", "echo"):
            for number in range(names if group != "echo" else names // 2):
                server.register(f"{group}-known-{number:03}", address=next(addresses))
        wait_until_idle(server)
        client = server.client()
        # The first answers of a connection and of a document are dearer.
        for number in range(20):
            one_login(client, f"warm-up-{number}", next(addresses))
        measure_logins(client, names, addresses)
        measure_wishes(client, names, addresses)
        measure_echoes(client, server.client(), names // 2, addresses)


def new_addresses():
    for number in range(1, 100_000):
        yield f"198.18.{number // 250}.{number % 250 + 1}"


def wait_until_idle(server):
    server.wait_for("SELECT 1 WHERE NOT EXISTS (SELECT FROM jobs WHERE state IN ('QUEUED', 'RUNNING', 'RETRYING'))", 120)
    time.sleep(1)


def in_random_order(group, names):
    """Every known and every unknown name as often as it may be tried; every second is given as an address."""
    tries = []
    for number in range(names):
        for kind in ("known", "unknow"):
            name = f"{group}-{kind}{'n' if kind == 'unknow' else ''}-{number:03}"
            tries += [(kind == "known", name)] * TRIES_OF_A_NAME
    random.shuffle(tries)
    return tries


def timed(client, query, variables, address, expected):
    begun = time.perf_counter()
    answer = client.ask(query, variables, address=address)
    took = (time.perf_counter() - begun) * 1000
    found = [error["code"] for payload in answer["data"].values() for error in payload["userErrors"]]
    if found != expected:
        raise RuntimeError(f"something else answered: {found}")
    return took


def one_login(client, login, address):
    payload = {"input": {"login": login, "password": "a wrong pass phrase"}}
    return timed(client, LOGIN, payload, address, ["INVALID_CREDENTIALS"])


def one_wish(client, email, address):
    return timed(client, WISH, {"input": {"email": email}}, address, [])


def measure_logins(client, names, addresses):
    took = {True: [], False: []}
    for is_known, name in in_random_order("login", names):
        login = f"{name}@mail.example" if int(name[-3:]) % 2 else name
        took[is_known].append(one_login(client, login, next(addresses)))
    say_difference("login, wrong password", took[True], took[False])


def measure_wishes(client, names, addresses):
    took = {True: [], False: []}
    for is_known, name in in_random_order("wish", names):
        took[is_known].append(one_wish(client, f"{name}@mail.example", next(addresses)))
        # The mail of a known one is made and sent meanwhile, which is not what is measured here.
        time.sleep(0.15)
    say_difference("requestPasswordReset", took[True], took[False])


def measure_echoes(client, other, names, addresses):
    """The answer to a wish may be the same, and the work behind it still be heard: a login right behind it."""
    took = {True: [], False: []}
    for number, (is_known, name) in enumerate(in_random_order("echo", names)):
        one_wish(client, f"{name}@mail.example", next(addresses))
        took[is_known].append(one_login(other, f"nobody-{number}", next(addresses)))
        time.sleep(0.15)
    say_difference("a stranger's login right behind a wish for a code", took[True], took[False])
    say("", "(the worker hashes the code of a known one; `up` hashes one at a time)")
