"""What Schemathesis cannot know by itself: our scalars, ids that exist, who may ask, and what to count.

It takes a JSON file from JUDGE_WORLD (see schemathesis.mjs) and leaves its counts in JUDGE_COUNTS.
"""

import atexit
import json
import os
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import graphql
import one_of
import plausible
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

WORLD = json.loads(Path(os.environ["JUDGE_WORLD"]).read_text())
SCHEMA = graphql.build_schema(Path(WORLD["schema"]).read_text())

# Tokens of programs may not use these: they are tried as a person who has signed in.
NEED_A_SESSION = {"changePassword", "createApiToken", "deleteUser", "revokeApiToken"}
# And these may end the session that they are tried with, so each try has one of its own.
END_A_SESSION = {"logout", "logoutEverywhere", "revokeSession"}
# These would keep out whoever the tries are made as; they get the one user whom nobody needs.
TAKE_RIGHTS = {"deactivateUser", "setUserRole"}


def register_scalars():
    """Values that the scalars take, most of them near what there is; and some ids of nothing."""
    days = mostly(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.dates())
    moments = mostly(st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)), st.datetimes())
    amounts = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=2)
    known = st.sampled_from(WORLD["ids"])
    scalar("Date", days.map(lambda day: nodes.String(day.isoformat())))
    scalar("DateTime", moments.map(lambda moment: nodes.String(f"{moment.isoformat()}Z")))
    scalar("Decimal", amounts.map(lambda amount: nodes.String(f"{amount:f}")))
    scalar("CurrencyCode", st.sampled_from(["EUR", "USD", "GBP", "JPY", "CHF", "KWD"]).map(nodes.String))
    scalar("ID", mostly(known, st.text(max_size=30)).map(nodes.String))


def mostly(usual, unusual):
    """The usual values, and one time in ten an unusual one."""
    return st.integers(0, 9).flatmap(lambda number: unusual if number == 0 else usual)


register_scalars()


@schemathesis.hook
def map_body(context, body):
    correct = one_of.corrected(body, SCHEMA, WORLD["ids"][0])
    return plausible.plausible(correct, [WORLD["ownerId"], WORLD["other"]["id"]])


@schemathesis.hook
def before_call(context, case, kwargs):
    field = case.operation.definition.field_name
    token = WORLD["apiToken"]
    if field in NEED_A_SESSION:
        token = WORLD["person"]["accessToken"]
    elif field in END_A_SESSION:
        token = sign_in()
    elif field in TAKE_RIGHTS:
        for needed in (WORLD["ownerId"], WORLD["person"]["id"], WORLD["leaver"]["id"]):
            case.body = case.body.replace(needed, WORLD["other"]["id"])
    case.headers["Authorization"] = f"Bearer {token}"


def sign_in():
    """A new session. By its last refresh token the server knows a device that no wrong passwords of others lock out."""
    query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken userErrors { message } } }"
    variables = {"input": WORLD["leaver"]["login"]}
    answer = requests.post(WORLD["url"], json={"query": query, "variables": variables}, timeout=30)
    payload = answer.json()["data"]["login"]
    if payload["accessToken"] is None:
        raise RuntimeError(f"nobody can sign in any more: {payload['userErrors']}")
    WORLD["leaver"]["login"]["refreshToken"] = payload["refreshToken"]
    return payload["accessToken"]


FIELDS: dict[str, Counter] = {}


@schemathesis.hook
def after_call(context, case, response):
    field = case.operation.label
    counts = FIELDS.setdefault(field, Counter())
    try:
        payload = response.json()
    except ValueError:
        payload = {}
    counts["answers"] += 1
    if payload.get("data") is not None:
        counts["data"] += 1
    for error in payload.get("errors") or []:
        counts[error.get("extensions", {}).get("code", "no code")] += 1


@atexit.register
def leave_counts():
    Path(os.environ["JUDGE_COUNTS"]).write_text(json.dumps(FIELDS, indent=2))
