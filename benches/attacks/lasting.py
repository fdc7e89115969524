"""Attacks that last: connections that say little or nothing, and sockets and event streams that say too much."""
import contextlib
import json
import select
import threading
import time

from documents import INTROSPECTION, bomb, numbered
from wire import PATIENCE, Reply, WebSocket, asked, connect, head, read_answer

MANY, TIMES = 500, 5
SUBSCRIPTION = "subscription { myJobEvents { version state } }"


def timed(act):
    """The `Reply` of what `act` says came of it."""
    begun = time.perf_counter()
    told = act()
    return Reply(told, "", (time.perf_counter() - begun) * 1000)


def drip(listen, first, rest, count, patience=PATIENCE):
    """Connections that each send `first` at once and then one byte of `rest` a second, until the server has had enough."""
    begun, waiting, replies = time.perf_counter(), [connect(listen) for _ in range(count)], []
    for opened in waiting:
        opened.sendall(first)
    sent = 0
    while waiting and time.perf_counter() - begun < patience:
        for opened in select.select(waiting, [], [], 1.0)[0]:
            waiting.remove(opened)
            reply = read_answer(opened)
            reply.ms = (time.perf_counter() - begun) * 1000
            replies.append(reply)
            opened.close()
        if time.perf_counter() - begun > sent + 1:
            for opened in waiting:
                with contextlib.suppress(OSError):
                    opened.sendall(rest[sent:sent + 1])
            sent += 1
    for opened in waiting:
        replies.append(Reply("STILL OPEN", "", (time.perf_counter() - begun) * 1000))
        opened.close()
    return replies


def slow_headers(listen, _):
    return drip(listen, b"POST /graphql HTTP/1.1\r\nHost: localhost\r\n", b"X-A: " + b"a" * 100, MANY), 0


def slow_body(listen, token):
    body = asked("{ me { id } }")
    whole = head(body, token)
    return drip(listen, whole[:-len(body)], body + b" " * 100, MANY), len(whole)


def idle(listen, _):
    return drip(listen, b"", b"", MANY), 0


def unread(listen, token):
    """Asks for the largest answers, many on each connection, and reads none."""
    one = head(asked("{ __schema { types { name description fields { name description } } } }"), token)
    opened = [connect(listen) for _ in range(100)]
    for each in opened:
        each.setblocking(False)
        with contextlib.suppress(OSError):
            each.send(one * 20)
    time.sleep(5)
    for each in opened:
        each.close()
    return [Reply("left", "", 5000.0)] * 2_000, len(one) * 2_000


def no_init(listen, _):
    opened = [WebSocket(listen) for _ in range(MANY)]
    begun, replies = time.perf_counter(), []
    for each in opened:
        replies.append(Reply(each.end(), "", (time.perf_counter() - begun) * 1000))
        each.close()
    return replies, 0


def too_many(listen, token):
    replies, kept = [], []
    for _ in range(20):
        each = WebSocket(listen)
        kept.append(each)
        replies.append(timed(lambda: (each.init(token) or {}).get("type") or f"{int.from_bytes(each.closing[:2], 'big')}"))
    for each in kept:
        each.close()
    return replies, 0


def handshake(**how):
    def act(listen, _):
        def told():
            each = WebSocket(listen, **how)
            said = each.end() if each.is_open else str(each.status)
            each.close()
            return said
        return [timed(told) for _ in range(20)], 0
    return act


def after_init(make):
    """What a socket is closed with when it has sent what `make` gives it."""
    def act(listen, token):
        replies, sent = [], 0
        for _ in range(TIMES):
            each = WebSocket(listen)
            each.init(token)
            data = make(each)
            sent = len(data)
            threading.Thread(target=each.send, args=(data,), daemon=True).start()
            replies.append(timed(each.end))
            each.close()
        return replies, sent
    return act


def text(each, message):
    return each.frame(json.dumps(message).encode())


def subscribe(each, number, document=SUBSCRIPTION):
    return text(each, {"type": "subscribe", "id": str(number), "payload": {"query": document}})


def long_frame(each):
    return each.frame(b"a" * 10_000_000)


def announced_frame(each):
    return each.frame(b"a" * 1_000, announced=2**62)


def thousand_fragments(each):
    """A message in a thousand frames of one byte each, which never ends."""
    return each.frame(b"[", final=False) + each.frame(b"[", opcode=0, final=False) * 300_000


def many_subscribes(each):
    """The last message asks for the end, so that the attack has one."""
    return b"".join(subscribe(each, number) for number in range(5_000)) + text(each, {"type": "connection_init"})


def many_bombs(each):
    return b"".join(subscribe(each, number, bomb(22)) for number in range(1_000)) + text(each, {"type": "connection_init"})


def many_queries(each):
    return b"".join(subscribe(each, number, "{ me { id } }") for number in range(1_000)) + text(each, {"type": "connection_init"})


def many_pings(each):
    return text(each, {"type": "ping"}) * 20_000 + text(each, {"type": "connection_init"})


def many_control_pings(each):
    return each.frame(b"a" * 125, opcode=9) * 20_000 + text(each, {"type": "connection_init"})


def unread_pings(listen, token):
    """Pings with large payloads, whose pongs nobody reads."""
    each = WebSocket(listen)
    each.init(token)
    data = text(each, {"type": "ping", "payload": {"a": "a" * 60_000}}) * 500
    each.opened.settimeout(PATIENCE)
    threading.Thread(target=each.send, args=(data,), daemon=True).start()
    time.sleep(14)
    reply = timed(each.end)
    reply.ms += 14_000
    each.close()
    return [reply], len(data)


def streams(listen, token):
    """Event streams of one user, all of them at once."""
    body = asked(SUBSCRIPTION)
    request = head(body, token, Accept="text/event-stream")
    opened, replies = [], []
    for _ in range(100):
        each = connect(listen)
        begun = time.perf_counter()
        each.sendall(request)
        first = each.recv(4096)
        replies.append(Reply(first.split()[1].decode(), "", (time.perf_counter() - begun) * 1000))
        opened.append(each)
    for each in opened:
        each.close()
    return replies, len(request)


def wrong_tokens(listen, _):
    """Ten thousand, no two alike, over eight connections."""
    replies, lock = [], threading.Lock()

    def knock(part):
        with connect(listen) as opened:
            for number in range(1_250):
                request = head(asked("{ me { id } }"), f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{part}{number}In0.{'a' * 43}")
                begun = time.perf_counter()
                opened.sendall(request)
                reply = read_answer(opened)
                reply.ms = (time.perf_counter() - begun) * 1000
                with lock:
                    replies.append(reply)
    knocking = [threading.Thread(target=knock, args=(part,)) for part in range(8)]
    for thread in knocking:
        thread.start()
    for thread in knocking:
        thread.join()
    return replies, 10_000 * 350


def together(document, connections, signed_in=True):
    """One document over many connections at once, again and again for five seconds."""
    def act(listen, token):
        request, replies = head(asked(document), token if signed_in else None), []
        ends = time.perf_counter() + 5

        def ask():
            with connect(listen) as opened:
                while (begun := time.perf_counter()) < ends:
                    opened.sendall(request)
                    reply = read_answer(opened)
                    reply.ms = (time.perf_counter() - begun) * 1000
                    replies.append(reply)
        asking = [threading.Thread(target=ask) for _ in range(connections)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        return replies, len(request)
    return act


# Name, what it does, words of which every answer has to hold one, and whether its times are seconds. Who sends no headers is told
# nothing; and a close frame cannot reach a client that reads nothing.
ATTACKS = [
    (f"slow headers, {MANY} connections, a byte a second", slow_headers, ["WITHOUT AN ANSWER", "408"], True),
    (f"slow bodies, {MANY} connections, a byte a second", slow_body, ["408"], True),
    (f"{MANY} idle connections", idle, ["WITHOUT AN ANSWER", "408"], True),
    ("2,000 large answers that nobody reads, 100 connections", unread, None, True),
    ("the whole schema, asked for over 100 connections of one user", together(INTROSPECTION, 100), ["200 data", "RATE_LIMITED"], False),
    ("900 unknown fields, over 32 connections of a stranger", together("{ " + numbered(900, "x{n}") + " }", 32, False), ["VALIDATION", "RATE_LIMITED"], False),
    ("10,000 wrong tokens", wrong_tokens, ["401"], False),
    ("WebSocket of another site's page", handshake(origin="https://evil.example"), ["403"], False),
    ("WebSocket, Origin: null", handshake(origin="null"), ["403"], False),
    ("WebSocket, another subprotocol", handshake(protocol="graphql-ws"), ["4406", "400"], False),
    ("WebSocket, no subprotocol", handshake(protocol=None), ["4406", "400"], False),
    (f"WebSocket, {MANY} that never say who they are", no_init, ["4408"], True),
    ("WebSocket, 20 of one user", too_many, ["connection_ack", "1013"], False),
    ("WebSocket, a frame of 10 MB", after_init(long_frame), ["1009"], False),
    ("WebSocket, a frame that says it has 4 EB", after_init(announced_frame), ["1009", "1002"], False),
    ("WebSocket, 300,000 fragments of a byte", after_init(thousand_fragments), ["1009"], False),
    ("WebSocket, a frame without a mask", after_init(lambda each: each.frame(b"{}", masked=False)), ["1002"], False),
    ("WebSocket, bytes that are no frame", after_init(lambda each: b"\xff" * 100), ["1002"], False),
    ("WebSocket, text that is not UTF-8", after_init(lambda each: each.frame(b"\xff\xfe")), ["1007", "1002"], False),
    ("WebSocket, 60,000 nested arrays", after_init(lambda each: each.frame(b"[" * 60_000)), ["4400"], False),
    ("WebSocket, one id twice", after_init(lambda each: subscribe(each, 1) * 2), ["4409"], False),
    ("WebSocket, 5,000 subscribes", after_init(many_subscribes), ["4429"], False),
    ("WebSocket, 1,000 fragment bombs", after_init(many_bombs), ["4429"], False),
    ("WebSocket, 1,000 queries", after_init(many_queries), ["4429"], False),
    ("WebSocket, 20,000 pings of the protocol", after_init(many_pings), ["4429"], False),
    ("WebSocket, 20,000 control frames", after_init(many_control_pings), ["4429"], False),
    ("WebSocket, 30 MB of pings, no pong read", unread_pings, ["1013", "CLOSED"], True),
    ("event streams, 100 of one user", streams, ["200", "429", "503"], False),
]
