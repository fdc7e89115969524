"""Requests whose text is the attack: each a name, its body or whole request, and the words of which every answer has to hold one."""
import functools
import gzip
import json

from wire import asked, head

TOO_COMPLEX = ["QUERY_TOO_COMPLEX"]
INVALID = ["GRAPHQL_VALIDATION_FAILED"]
UNREADABLE = ["GRAPHQL_PARSE_FAILED"]
INPUT = ["BAD_USER_INPUT"]
BAD = ["BAD_REQUEST"]
LONG = ["PAYLOAD_TOO_LARGE"]
ANSWERED = ["200 data"]
ONE = ["400, closed"]
# Admitted, but what a user may ask for in a while is soon used up.
PAID = ["200 data", "RATE_LIMITED"]


def nested(opening, closing, depth, middle=""):
    return opening * depth + middle + closing * depth


def numbered(count, form, start=0):
    """`form` once for each number, which it takes as `{n}` and the next as `{m}`."""
    return " ".join(form.replace("{n}", str(n)).replace("{m}", str(n + 1)) for n in range(start, start + count))


def bomb(levels, end="me { id }"):
    chain = numbered(levels, "fragment f{n} on Query { ...f{m} ...f{m} }")
    return f"{{ ...f0 }} {chain} fragment f{levels} on Query {{ {end} }}"


def tree_of_pairs(levels):
    """Each level asks for the same field twice, so that what has to be merged doubles."""
    chain = numbered(levels, "fragment f{n} on Category { parent { ...f{m} } parent { ...f{m} } }")
    return f"{{ category(id: \"x\") {{ ...f0 }} }} {chain} fragment f{levels} on Category {{ id }}"


def cross_of_pairs(fragments, levels):
    """Fields of one name that each spread every fragment, which hold fields of one name again."""
    spreads = numbered(fragments, "...f{n}")
    inner = nested("parent { ", " }", levels, "id")
    return f"{{ category(id: \"x\") {{ {spreads} {spreads} }} }} " + numbered(fragments, f"fragment f{{n}} on Category {{ {inner} {inner} }}")


def conflicts(count):
    """Every one of the fields under one name differs from every other."""
    return "{" + numbered(count, "x:job(id:{n}){id}") + "}"


def crossed_conflicts(count):
    return "{me{" + numbered(count, "...f{n}") + "}}" + numbered(count, "fragment f{n} on User{x:jobs(first:{n}){totalCount}}")


def multiplying_introspection():
    inner = "name"
    for _ in range(4):
        inner = f"name fields {{ name type {{ {inner} }} }}"
    return f"{{ __schema {{ types {{ {inner} }} }} }}"


INTROSPECTION = """query { __schema { queryType { name } mutationType { name } subscriptionType { name } directives { name description locations
  args { ...v } } types { kind name description fields(includeDeprecated: true) { name description args { ...v } type { ...t } isDeprecated
  deprecationReason } inputFields { ...v } interfaces { ...t } enumValues(includeDeprecated: true) { name description } possibleTypes { ...t } } } }
  fragment v on __InputValue { name description type { ...t } defaultValue }
  fragment t on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"""


def texts():
    """Documents, sent as JSON: what is beyond a limit, and then the worst that is within all of them (32 kB, 2,000 tokens)."""
    yield "2,000 nested `[` in an argument", f"{{ job(id: {nested('[', ']', 2000)}) {{ id }} }}", TOO_COMPLEX
    yield "the same in a default", f"query ($a: [Int] = {nested('[', ']', 2000)}) {{ me {{ id }} }}", TOO_COMPLEX
    yield "1,500 nested `{a:` in an argument", f"{{ jobs(filter: {nested('{a:', '}', 1500, '1')}) {{ nodes {{ id }} }} }}", TOO_COMPLEX
    yield "the same in a default", f"query ($a: Int = {nested('{a:', '}', 1500, '1')}) {{ me {{ id }} }}", TOO_COMPLEX
    yield "15,000 `[` that nothing closes", f"{{ job(id: {'[' * 15000}", TOO_COMPLEX
    yield "2,000 nested selections", nested("{ a ", "}", 2000), TOO_COMPLEX
    yield "2,000 nested `... {`", nested("{ ... ", "}", 2000, "{ me { id } }"), TOO_COMPLEX
    yield "a type of 2,000 nested lists", f"query ($a: {nested('[', ']', 2000, 'Int')}) {{ me {{ id }} }}", TOO_COMPLEX
    yield "fragment bomb, 22 levels", bomb(22), TOO_COMPLEX
    yield "fragment bomb, 100 levels", bomb(100), TOO_COMPLEX + INVALID
    yield "fragment bomb of introspection, 40 levels", bomb(40, "__schema { types { name } }"), TOO_COMPLEX
    yield "10,000 aliases", "{ me { " + numbered(10_000, "a{n}: id") + " } }", TOO_COMPLEX
    yield "400 aliases", "{ me { " + numbered(400, "a{n}: id") + " } }", TOO_COMPLEX
    yield "10,000 root fields", "{ " + "me{id}" * 10_000 + " }", TOO_COMPLEX
    yield "450 root fields", "{ " + "me{id}" * 450 + " }", TOO_COMPLEX
    yield "10,000 unknown directives on a field", "{ me { id " + "@a" * 10_000 + " } }", TOO_COMPLEX
    yield "950 unknown directives on a field", "{ me { id " + "@a" * 950 + " } }", INVALID
    yield "10,000 known directives on a field", "{ me { id " + "@skip(if:true)" * 10_000 + " } }", TOO_COMPLEX
    yield "240 known directives on a field", "{ me { id " + "@skip(if:true)" * 240 + " } }", INVALID
    yield "a list of 10,000 values", "{ nodes(ids: [" + "1," * 10_000 + "]) { id } }", TOO_COMPLEX
    yield "a list of 900 values", "{ nodes(ids: [" + "1," * 900 + "]) { id } }", INPUT + TOO_COMPLEX
    yield "a field of an input twice", "{ jobs(filter: {kinds: [], kinds: []}) { totalCount } }", INVALID
    yield "the same, the second an undefined variable", "{ jobs(filter: {kinds: [], kinds: $x}) { totalCount } }", INVALID
    yield "an argument twice", "{ jobs(first: 1, first: 100) { totalCount } }", INVALID
    yield "an object of 450 fields of one name", "{ jobs(filter: {" + "kinds:[]" * 450 + "}) { totalCount } }", INVALID
    yield "a string of 30 kB", "{ job(id: \"" + "a" * 30_000 + "\") { id } }", ANSWERED + INPUT
    yield "a string of 200 kB", "{ job(id: \"" + "a" * 200_000 + "\") { id } }", TOO_COMPLEX
    yield "15,000 escapes in a string", "{ job(id: \"" + "\\n" * 15_000 + "\") { id } }", ANSWERED + INPUT
    yield "a block string of 30,000 lines", "{ job(id: \"\"\"" + "\n" * 30_000 + "\"\"\") { id } }", ANSWERED + INPUT
    yield "a block string of 6,000 indented lines", "{ job(id: \"\"\"" + "\n   a" * 6_000 + "\"\"\") { id } }", ANSWERED + INPUT
    yield "a comment of 30 kB", "{ me { id } } # " + "a" * 30_000, ANSWERED
    yield "30 kB of commas", "{ me { id } } " + "," * 30_000, ANSWERED + TOO_COMPLEX
    yield "10,000 fragments", "{ me { id } } " + numbered(10_000, "fragment f{n} on User{id}"), TOO_COMPLEX + LONG
    yield "120 unused fragments", "{ me { id } } " + numbered(120, "fragment f{n} on User { id }"), INVALID
    yield "circular fragments", "{ me { ...a } } fragment a on User { ...b } fragment b on User { ...a }", INVALID
    circle = numbered(119, "fragment f{n} on User { ...f{m} }") + "fragment f119 on User { ...f0 }"
    yield "a circle of 120 fragments", f"{{ me {{ ...f0 }} }} {circle}", INVALID
    yield "20 fragments, each of all", "{ me { ...f0 } } " + numbered(20, "fragment f{n} on User { " + numbered(20, "...f{n}") + " }"), INVALID
    yield "30 operations", numbered(30, "query q{n} { me { id } }"), TOO_COMPLEX + ["OPERATION_RESOLUTION_FAILURE"]
    yield "900 fields of one name", "{ me { " + "id " * 900 + " } }", ANSWERED + TOO_COMPLEX
    yield "mergeable fields, each level twice, 60 levels", tree_of_pairs(60), TOO_COMPLEX
    yield "mergeable fields through 14 fragments, 14 levels", cross_of_pairs(14, 14), TOO_COMPLEX
    yield "mergeable fields through 40 fragments, 4 levels", cross_of_pairs(40, 4), TOO_COMPLEX
    yield "150 fields in conflict", conflicts(150), INVALID
    yield "70 fields in conflict through fragments", crossed_conflicts(70), INVALID
    yield "900 unknown fields", "{ " + numbered(900, "x{n}") + " }", INVALID
    yield "900 unknown fields of one line of 30 kB", "{" + ",".join("x" * 31 for _ in range(900)) + "}", INVALID
    yield "180 variables that nothing uses", "query (" + numbered(180, "$a{n}: Int = 1") + ") { me { id } }", INVALID
    yield "400 undefined variables", "{ nodes(ids: [" + numbered(400, "$a{n}") + "]) { id } }", INVALID
    yield "a number of 30,000 digits", "{ jobs(first: " + "9" * 30_000 + ") { totalCount } }", INVALID + INPUT
    yield "1e999999999", "{ transactions(filter: {minAmount: 1e999999999}) { totalCount } }", INVALID + INPUT + UNREADABLE
    yield "introspection that multiplies", multiplying_introspection(), TOO_COMPLEX
    yield "introspection, all of it", INTROSPECTION, PAID
    page = "nodes { id account { name } category { name parent { name } } email { id } }"
    yield "the dearest page that there may be", f"{{ transactions(first: 100) {{ {page} }} }}", PAID


def variables():
    take = "query ($a: [ID!]!) { nodes(ids: $a) { id } }"
    filtered = "query ($a: TransactionFilter) { transactions(filter: $a) { totalCount } }"
    raw = lambda text: b'{"query": ' + json.dumps(filtered).encode() + b', "variables": {"a": ' + text + b"}}"
    yield "100,000 nested arrays", raw(b"[" * 100_000), BAD
    yield "1,500 nested `{\"a\":`", raw(b'{"a":' * 1_500 + b"1" + b"}" * 1_500), BAD
    yield "120 nested arrays", raw(b"[" * 120 + b"]" * 120), INPUT
    yield "10,000 ids", asked(take, {"a": ["QQ"] * 10_000}), INPUT + TOO_COMPLEX
    yield "80,000 empty arrays", raw(b"[" + b"[]," * 80_000 + b"[]]"), INPUT
    yield "20,000 unknown fields", raw(b"{" + b",".join(b'"x%d":1' % n for n in range(20_000)) + b"}"), INPUT
    yield "a text of 250 kB to search for", asked(filtered, {"a": {"text": "a" * 250_000}}), INPUT + ["data"]
    yield "a number of 250,000 digits", raw(b'{"minAmount": ' + b"9" * 250_000 + b"}"), INPUT + BAD
    yield "1e400", raw(b'{"minAmount": 1e400}'), INPUT + BAD
    yield "1e-999999999", raw(b'{"minAmount": "1e-999999999"}'), INPUT + BAD
    yield "keys that are there twice", b'{"query": "{ me { id } }", "query": "{ __typename }", "variables": {}, "variables": null}', ANSWERED + BAD
    yield "invalid UTF-8", b'{"query": "{ me { id } } #\xff\xfe"}', BAD
    yield "an overlong form of UTF-8", b'{"query": "{ me { id } } #\xc0\xaf"}', BAD
    yield "U+0000 in the document", asked("{ me { id } } #\0"), INPUT
    yield "U+0000 in a variable", asked(filtered, {"a": {"text": "a\0"}}), INPUT
    yield "U+0000 in the name of an operation", asked("query q { me { id } }", operationName="q\0"), INPUT + ["OPERATION_RESOLUTION_FAILURE"]
    yield "U+0000 in the name of a variable that nothing reads", asked("{ me { id } }", {"a\0": 1}), ANSWERED
    yield "a lone surrogate", b'{"query": "{ me { id } } #\\ud800"}', BAD
    yield "a lone surrogate in a string of the document", asked('{ job(id: "\\ud800") { id } }'), UNREADABLE + INPUT
    yield "a batch of 1,000", b"[" + b",".join([asked("{ me { id } }")] * 1_000) + b"]", BAD
    yield "5,000 extensions", asked("{ me { id } }", extensions={f"x{n}": {} for n in range(5_000)}), ANSWERED
    yield "an operation's name of 200 kB", asked("query q { me { id } }", operationName="q" * 200_000), ["OPERATION_RESOLUTION_FAILURE"]


def chunked(body, piece=60_000):
    parts = (body[start:start + piece] for start in range(0, len(body), piece))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def bodies(token):
    """Whole requests: what a body says of itself, and how long it is."""
    say = functools.partial(head, token=token)
    five = asked("{ me { id } }", {"a": "a" * 5_000_000})
    register = 'mutation { createCategory(input: {name: "x", kind: EXPENSE}) { userErrors { code } } }'
    yield "5 MB with Content-Length", say(five), LONG
    yield "5 MB in chunks", say(Content_Length=None, Transfer_Encoding="chunked") + chunked(five), LONG
    yield "60 MB in chunks", say(Content_Length=None, Transfer_Encoding="chunked") + chunked(bytes(60_000_000)), LONG
    yield "300 kB in chunks of one byte", say(Content_Length=None, Transfer_Encoding="chunked") + chunked(bytes(300_000), 1), LONG
    extended = b"1;" + b"a" * 1_000_000 + b"\r\n{\r\n0\r\n\r\n"
    yield "a chunk with an extension of 1 MB", say(Content_Length=None, Transfer_Encoding="chunked") + extended, BAD
    yield "Content-Length of 5 TB, and nothing", say(Content_Length=5 * 10**12, Expect="100-continue"), LONG
    yield "gzip bomb, 200 MB in 200 kB", say(gzip.compress(bytes(200_000_000), 9), Content_Encoding="gzip"), BAD + ["UNSUPPORTED_MEDIA_TYPE"]
    yield "no Content-Type", say(asked("{ me { id } }"), Content_Type=None), ["UNSUPPORTED_MEDIA_TYPE"]
    yield "a form", say(b"query=%7Bme%7Bid%7D%7D", Content_Type="application/x-www-form-urlencoded"), ["UNSUPPORTED_MEDIA_TYPE"]
    yield "text/plain", say(asked(register), Content_Type="text/plain"), ["UNSUPPORTED_MEDIA_TYPE"]
    yield "multipart/form-data", say(b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + asked(register) + b"\r\n--x--\r\n",
                                     Content_Type="multipart/form-data; boundary=x"), ["UNSUPPORTED_MEDIA_TYPE"]
    yield "application/json; charset=utf-16", say(asked("{ me { id } }"), Content_Type="application/json; charset=utf-16"), ["UNSUPPORTED_MEDIA_TYPE"]
    yield "application/graphql", say(b"{ me { id } }", Content_Type="application/graphql"), ["UNSUPPORTED_MEDIA_TYPE"]
    mutation = "/graphql?query=mutation%7BcreateCategory(input:%7Bname:%22x%22,kind:EXPENSE%7D)%7BuserErrors%7Bcode%7D%7D%7D"
    yield "a mutation by GET", say(method="GET", path=mutation, Content_Length=None, Content_Type=None), ["METHOD_NOT_ALLOWED"]
    yield "a subscription by GET", say(method="GET", path="/graphql?query=subscription%7BmyJobEvents%7Bversion%7D%7D", Content_Length=None), BAD
    yield "an address of 60 kB", say(method="GET", path="/graphql?query=" + "a" * 60_000, Content_Length=None), ["414", "QUERY_TOO_COMPLEX", "431"]
    yield "an address of 1 MB", say(method="GET", path="/graphql?query=" + "a" * 1_000_000, Content_Length=None), ["414", "431"]
    yield "Authorization of 1 MB", head(asked("{ me { id } }"), "a" * 1_000_000), ["431"]
    yield "10,000 headers", say(asked("{ me { id } }"), **{f"x{n}": n for n in range(10_000)}), ["431"]
    yield "PUT", say(asked("{ me { id } }"), method="PUT"), ["METHOD_NOT_ALLOWED"]
    yield "TRACE", say(method="TRACE"), ["METHOD_NOT_ALLOWED", "405"]
    yield "Accept of 4,000 media types", say(asked("{ me { id } }"), Accept="a/b;q=0.1," * 4_000), ["NOT_ACCEPTABLE"]


def smuggled(token):
    """What a proxy and the server may read as one request or as two: each has to get one answer, and then a closed connection."""
    inner = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    empty = b"0\r\n\r\n"
    say = functools.partial(head, token=token)
    yield "Content-Length and Transfer-Encoding", say(Content_Length=len(empty + inner), Transfer_Encoding="chunked") + empty + inner, ONE
    whole = b"%x\r\n" % len(inner) + inner + b"\r\n" + empty
    yield "the same, Content-Length of the first chunk", say(Content_Length=4, Transfer_Encoding="chunked") + whole, ONE
    yield "two Content-Lengths that differ", say(Content_Length="0\r\nContent-Length: 44") + inner, ONE
    yield "Content-Length: 0, 44", say(Content_Length="0, 44") + inner, ONE
    yield "Content-Length: +44", say(Content_Length="+44") + inner, ONE
    yield "Content-Length: -1", say(Content_Length="-1") + inner, ONE
    yield "Content-Length: 99999999999999999999", say(Content_Length="9" * 20) + inner, ONE
    yield "Transfer-Encoding: xchunked", say(Content_Length=0, Transfer_Encoding="xchunked") + inner, ONE
    yield "Transfer-Encoding: chunked, identity", say(Content_Length=None, Transfer_Encoding="chunked, identity") + empty + inner, ONE
    yield "Transfer-Encoding twice", say(Content_Length=None, Transfer_Encoding="chunked\r\nTransfer-Encoding: cow") + empty + inner, ONE
    yield "a blank before the colon", say(Content_Length="0\r\nTransfer-Encoding : chunked") + empty + inner, ONE
    yield "a folded header", say(Content_Length="0\r\nX: a\r\n Transfer-Encoding: chunked") + empty + inner, ONE
    yield "a chunk's size of 20 digits", say(Content_Length=None, Transfer_Encoding="chunked") + b"f" * 20 + b"\r\n" + inner, ONE
    yield "a chunk's size of -1", say(Content_Length=None, Transfer_Encoding="chunked") + b"-1\r\n" + inner, ONE
    yield "HTTP/1.0 with Transfer-Encoding", say(Content_Length=None, Transfer_Encoding="chunked").replace(b"HTTP/1.1", b"HTTP/1.0", 1) + empty + inner, ONE
    yield "no Host", say(asked("{ __typename }"), Host=None), ["400"]
    yield "two Hosts", say(asked("{ __typename }"), Host="a\r\nHost: b"), ["400"]
    yield "HTTP/2 by foreknowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["closed"]
    yield "a hello of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32), ONE
    yield "1,000 requests in one go", say(asked("{ __typename }")) * 1_000, ["1000× 200"]
