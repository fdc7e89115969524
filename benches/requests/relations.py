"""Documents that ask for everything that hangs on the rows of a list, made from the printed schema."""
import os
import re

from ledger import HERE

LISTS = {"transactions": "Transaction", "emails": "Email", "extractions": "Extraction", "sightings": "Sighting", "jobs": "Job",
         "auditEntries": "AuditEntry", "accounts": "Account", "categories": "Category", "llmUsages": "LlmUsage", "users": "User",
         "connectedAccounts": "ConnectedAccount"}
# A period has to be given, and is no list that grows.
WITH_PERIODS = ("cashFlow", "spending", "llmCosts")


def types():
    """The fields of each object type: name, whether it takes `first`, and the name of its type."""
    with open(os.path.join(HERE, "..", "..", "schema.graphql")) as file:
        text = re.sub(r'"""[\s\S]*?"""', "", file.read())
    found = {}
    for name, body in re.findall(r"^type (\w+)[^{]*\{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        fields = re.findall(r"(\w+)\s*(\([^)]*\))?\s*:\s*\[?(\w+)", body)
        found[name] = [(field, "first:" in given, kind) for field, given, kind in fields]
    return found


def asks(known, kind, counts):
    """Every field of a type, one level deep."""
    for field, is_list, leads_to in known[kind]:
        if field in WITH_PERIODS:
            continue
        if leads_to.endswith("Connection"):
            yield f"{field}(first: 2) {{ nodes {{ __typename }}{' totalCount' if counts else ''} }}"
        elif leads_to in known:
            yield f"{field}{'(first: 2)' if is_list else ''} {{ __typename }}"
        elif leads_to not in ("Node",):
            yield field


def documents(size, counts):
    """(the list, the document that asks for a page of that size with all that hangs on it)."""
    known = types()
    for field, kind in LISTS.items():
        yield field, f"{{ {field}(first: {size}) {{ nodes {{ {' '.join(asks(known, kind, counts))} }} }} }}"
