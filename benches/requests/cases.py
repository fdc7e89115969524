"""What is measured: each case with its document, who asks it, the statement that is its floor, and the share of the floor to reach."""
import dataclasses
import json

from ledger import PASSWORD, body, cursor, global_id

ME = "{ me { id username displayName email } }"
PAGE = """query ($after: String) { transactions(first: 50, after: $after) { nodes { id bookedOn merchant
    amount { amount currency } account { id name } category { id name } } } }"""
CASH_FLOW = """query ($period: PeriodInput!) { cashFlow(period: $period) { startsOn transactionCount
    income { amount currency } spending { amount currency } net { amount currency } } }"""
SPENDING = """query ($period: PeriodInput!) { spending(period: $period) { category { id name } transactionCount
    spent { amount currency } } }"""
CREATE = """mutation ($input: CreateTransactionInput!) { createTransaction(input: $input) {
    transaction { id bookedOn amount { amount currency } } userErrors { code message } } }"""
LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken userErrors { code message } } }"


@dataclasses.dataclass
class Case:
    name: str
    asks: str  # who asks, "" for somebody who has not signed in
    bodies: list
    floor: str = ""  # the statement's file below floor/, without .sql
    goal: float = 0.0
    makes: str = ""  # the count of what each request makes
    beside: str = ""  # the case that goes on meanwhile
    is_step: bool = False  # a part of `newest`, measured only when it is named or `steps` are wanted


def cases(people):
    period = {"period": {"from": people["from"], "to": people["to"]}}
    new = {"accountId": global_id(3, people["account"]), "categoryId": global_id(2, people["category"]), "amount": "-12.34",
           "bookedOn": people["booked"], "merchant": "Merchant 7", "description": "What was bought"}
    writer = people["writer"]
    return [
        Case("me", "ana", [body(ME)], "me", 0.35),
        Case("newest", "ana", [body(PAGE)], "newest", 0.40),
        Case("deep", "ana", [body(PAGE, {"after": cursor(people["day"], people["row"])})], "deep", 0.37),
        Case("cash-flow", "ana", [body(CASH_FLOW, period)], "cash-flow", 0.63),
        Case("spending", "ana", [body(SPENDING, period)], "spending", 0.63),
        Case("create", "cleo", [body(CREATE, {"input": new})], "create", 0.33,
             makes=f"SELECT count(*) FROM transactions WHERE user_id = '{writer}'"),
        Case("admin", "chief", [body(PAGE)], "admin", 0.28),
        Case("login", "", logins(), makes="SELECT count(*) FROM sessions"),
        Case("newest-beside-logins", "ana", [body(PAGE)], beside="login"),
    ] + steps()


def steps():
    """From nothing to `newest`, one thing more each: what that thing costs is the difference."""
    page = lambda fields, size=50: body(f"{{ transactions(first: {size}) {{ nodes {{ {fields} }} }} }}")
    scalars = "id bookedOn merchant"
    money = scalars + " amount { amount currency }"
    step = lambda name, asks, text: Case("step: " + name, asks, [text], is_step=True)
    return [
        step("no token", "", body("{ __typename }")),
        step("a token", "ana", body("{ __typename }")),
        step("a row", "ana", page("id", 1)),
        step("50 rows", "ana", page("id")),
        step("their scalars", "ana", page(scalars)),
        step("their amounts", "ana", page(money)),
        step("their accounts", "ana", page(money + " account { id name }")),
        step("their categories", "ana", page(money + " account { id name } category { id name }")),
    ]


def logins():
    """One user after the other, since sixteen tries at once in one name would lock it."""
    return [body(LOGIN, {"input": {"login": f"user{number}", "password": PASSWORD}}) for number in range(1, 901)]


def fault(case, answer):
    """What is wrong with the answer; None when it is as it should be."""
    if "errors" in answer:
        return json.dumps(answer["errors"])[:500]
    (found,) = answer["data"].values()
    if isinstance(found, dict) and found.get("userErrors"):
        return json.dumps(found["userErrors"])
    if case.name in ("newest", "deep", "admin", "newest-beside-logins") and len(found["nodes"]) != 50:
        return f"{len(found['nodes'])} rows instead of 50"
    return None if found else "nothing was found"
