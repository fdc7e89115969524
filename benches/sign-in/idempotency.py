"""One key, one row: createTransaction twice at once, an hour later, a day later, and with something else."""
import threading

from figures import say
from server import Server

ROUNDS = 50
SELECTION = "transaction { id amount { amount } } userErrors { code message field }"


def measure(options):
    with Server(options, "idempotency") as server:
        ana = server.register("ana")
        account = ana.mutate("createAccount", {"name": "Purse", "kind": "CASH", "currency": "EUR"},
                             "account { id } userErrors { code message }")["account"]["id"]
        clients = [server.client(ana.token) for _ in range(2)]
        wanted = lambda key: {"accountId": account, "amount": "-4.10", "bookedOn": "2026-11-20", "merchant": "Café",
                              "idempotencyKey": key}
        both, same = [at_once(clients, wanted(f"round-{number}")) for number in range(ROUNDS)], 0
        for one, other in both:
            same += bool(one["transaction"]) and one["transaction"] == other["transaction"]
        say(f"two at once, {ROUNDS} times: both answer the same row", f"{same} of {ROUNDS}")
        say("two at once: other answers", [pair for pair in both if pair[0] != pair[1]] or "none")
        say("rows", f"{rows(server)}, expected {ROUNDS}")
        first = both[0][0]["transaction"]
        make = lambda **other: clients[0].mutate("createTransaction", wanted("round-0") | other, SELECTION)
        later(server, "1 hour")
        say("an hour later, the same input", compare(make(), first))
        say("an hour later, another input", compare(make(amount="-4.11"), first))
        say("an hour later, the same number written otherwise (-4.1000)", compare(make(amount="-4.1000"), first))
        account_input = {"name": "Box", "kind": "CASH", "currency": "EUR", "idempotencyKey": "round-0"}
        answer = clients[0].mutate("createAccount", account_input, "account { id } userErrors { code message field }") \
            if takes_key(clients[0]) else None
        say("the same key with another mutation", answer and (answer["userErrors"] or "MADE ANOTHER") or "takes no key")
        ben = server.register("ben")
        purse = ben.mutate("createAccount", {"name": "Purse", "kind": "CASH", "currency": "EUR"}, "account { id }")["account"]["id"]
        own = ben.mutate("createTransaction", wanted("round-0") | {"accountId": purse}, SELECTION)
        say("the same key of another user", compare(own, first))
        say("rows", f"{rows(server)}, expected {ROUNDS + 1}")
        later(server, "24 hours")
        say("a day later, the same input", compare(make(), first))
        say("rows", f"{rows(server)}, expected {ROUNDS + 2}")


def takes_key(client):
    answer = client.ask('{ __type(name: "CreateAccountInput") { inputFields { name } } }')
    return any(field["name"] == "idempotencyKey" for field in answer["data"]["__type"]["inputFields"])


def at_once(clients, payload):
    """The answers of two connections that wait for each other before they ask."""
    barrier, answers = threading.Barrier(2), [None, None]

    def ask(place):
        barrier.wait()
        answers[place] = clients[place].mutate("createTransaction", payload, SELECTION)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def rows(server):
    return int(server.one("SELECT count(*) FROM transactions"))


def later(server, interval):
    """What is stored becomes older by that much."""
    server.sql(f"UPDATE idempotency_keys SET expires_at = expires_at - interval '{interval}',"
               f" created_at = created_at - interval '{interval}'")


def compare(answer, first):
    if answer["userErrors"]:
        error = answer["userErrors"][0]
        return f"{error['code']} at {error['field']}: {error['message']}"
    return "the same row" if answer["transaction"] == first else "another row"
