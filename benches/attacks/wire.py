"""Bytes on the wire, as nobody's library would send them: one exchange over HTTP, and the frames of a WebSocket."""
import base64
import collections
import contextlib
import http.client
import json
import os
import socket
import struct
import threading
import time

PATIENCE = 30
ACCEPT = "application/graphql-response+json"


class Reply:
    """What came back: a status or the word for there being none, the code of an error, and after how many milliseconds."""

    def __init__(self, status, code="", ms=0.0):
        self.status, self.code, self.ms = str(status), code, ms

    @property
    def told(self):
        return f"{self.status} {self.code}".strip()


def connect(listen, patience=PATIENCE):
    host, port = listen.rsplit(":", 1)
    opened = socket.create_connection((host, int(port)), patience)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def head(body=b"", token=None, method="POST", path="/graphql", **headers):
    """A request of one's own; a header whose value is None is left out."""
    given = {"Host": "localhost", "Content-Type": "application/json", "Accept": ACCEPT, "Content-Length": len(body)}
    if token:
        given["Authorization"] = f"Bearer {token}"
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body


def asked(document, variables=None, **more):
    """The body of a GraphQL request."""
    return json.dumps({"query": document} | ({"variables": variables} if variables is not None else {}) | more).encode()


def write_beside(opened, data):
    """A server may answer before it has read everything, so what is long is written while the answer is waited for."""
    def write():
        with contextlib.suppress(OSError):
            opened.sendall(data)
    if len(data) < 60_000:
        write()
    else:
        threading.Thread(target=write, daemon=True).start()


def read_answer(opened, method="POST"):
    """One answer from the connection; `Reply` without a time."""
    response = http.client.HTTPResponse(opened, method=method)
    try:
        response.begin()
        text = response.read()
    except TimeoutError:
        return Reply("NO ANSWER")
    except (OSError, http.client.HTTPException) as error:
        ended = "closed" if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead)) else "reset"
        return Reply(f"{ended.upper()} WITHOUT AN ANSWER")
    return Reply(response.status, code_of(text))


def exchange(listen, data, patience=PATIENCE, method="POST"):
    with connect(listen, patience) as opened:
        begun = time.perf_counter()
        write_beside(opened, data)
        reply = read_answer(opened, method)
        reply.ms = (time.perf_counter() - begun) * 1000
        return reply


def answers_of(listen, data, patience=1.0):
    """Every answer that a piece of bytes gets on one connection, until it is closed or nothing more comes."""
    with connect(listen, patience) as opened:
        begun = time.perf_counter()
        write_beside(opened, data)
        received = b""
        with contextlib.suppress(OSError):
            while piece := opened.recv(65536):
                received += piece
            received += b"(closed)"
    counts = collections.Counter(part[:3].decode() for part in received.split(b"HTTP/1.1 ")[1:])
    statuses = [status if count == 1 else f"{count}× {status}" for status, count in counts.items()]
    closed = ", closed" if received.endswith(b"(closed)") else ", open"
    return Reply((", ".join(statuses) or "none") + closed, "", (time.perf_counter() - begun) * 1000)


def code_of(text):
    """The code of the first error in an answer; `data` where there is none."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return "" if not text else "not JSON"
    if not isinstance(answer, dict):
        return ""
    if answer.get("errors"):
        return answer["errors"][0].get("extensions", {}).get("code", "NO CODE")
    if "data" not in answer:
        return "problem" if "status" in answer else ""
    for payload in (answer["data"] or {}).values():
        if isinstance(payload, dict) and payload.get("userErrors"):
            return payload["userErrors"][0]["code"]
    return "data"


class WebSocket:
    """A client that says what it is told to say, right or wrong."""

    def __init__(self, listen, protocol="graphql-transport-ws", origin=None, patience=PATIENCE):
        self.opened = connect(listen, patience)
        headers = {"Content_Type": None, "Content_Length": None, "Accept": None, "Connection": "Upgrade", "Upgrade": "websocket",
                   "Sec_WebSocket_Version": 13, "Sec_WebSocket_Key": base64.b64encode(os.urandom(16)).decode(),
                   "Sec_WebSocket_Protocol": protocol, "Origin": origin}
        self.opened.sendall(head(method="GET", **headers))
        self.reading = self.opened.makefile("rb")
        self.status = int(self.reading.readline().split()[1])
        while self.reading.readline().strip():
            pass

    @property
    def is_open(self):
        return self.status == 101

    def frame(self, payload, opcode=1, final=True, announced=None, masked=True):
        """A key of zeros masks a payload into itself."""
        length = len(payload) if announced is None else announced
        mark = 0x80 if masked else 0
        if length < 126:
            size = bytes([mark | length])
        elif length < 65536:
            size = bytes([mark | 126]) + struct.pack(">H", length)
        else:
            size = bytes([mark | 127]) + struct.pack(">Q", length)
        return bytes([(0x80 if final else 0) | opcode]) + size + (bytes(4) if masked else b"") + payload

    def send(self, data):
        with contextlib.suppress(OSError):
            self.opened.sendall(data)

    def say(self, message):
        self.send(self.frame(json.dumps(message).encode()))

    def init(self, token=None):
        self.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"} if token else {}})
        return self.message()

    def read(self):
        """(opcode, payload) of the next frame; None when the connection is gone."""
        try:
            first = self.reading.read(2)
            if len(first) < 2:
                return None
            length = first[1] & 0x7F
            if length > 125:
                length = int.from_bytes(self.reading.read(2 if length == 126 else 8), "big")
            return first[0] & 0x0F, self.reading.read(length)
        except (OSError, ValueError):
            return None

    def message(self):
        """The next message of the protocol; None when the socket is closed."""
        while (found := self.read()) is not None:
            opcode, payload = found
            if opcode == 1:
                return json.loads(payload)
            if opcode == 8:
                self.closing = payload
                return None
        return None

    def end(self):
        """Reads to the close frame: what it says, or the word for there being none."""
        while (found := self.read()) is not None:
            if found[0] == 8:
                code = int.from_bytes(found[1][:2], "big")
                return f"{code} {found[1][2:].decode()}"
        return "CLOSED WITHOUT A FRAME"

    def close(self):
        with contextlib.suppress(OSError):
            self.opened.shutdown(socket.SHUT_RDWR)
        self.reading.close()
        self.opened.close()
