#!/usr/bin/env python3
"""How many requests wrk can send at most: ceiling.py [BYTES], against a server that answers everything with the same bytes."""
import asyncio
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Same(asyncio.Protocol):
    """Counts the ends of heads and bodies no further than wrk needs: one request, one write."""

    def __init__(self, answer):
        self.answer = answer

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, _):
        self.transport.write(self.answer)


async def serve(size, port):
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n".encode()
    server = await asyncio.get_running_loop().create_server(lambda: Same(head + b"x" * size), "127.0.0.1", 0)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000
    theirs, ours = multiprocessing.Pipe()
    server = multiprocessing.Process(target=lambda: asyncio.run(serve(size, ours)), daemon=True)
    server.start()
    with tempfile.NamedTemporaryFile("w") as bodies:
        bodies.write('127.0.0.1 {"query":"{ __typename }"}\n')
        bodies.flush()
        before = os.times()
        words = ["wrk", "-t1", "-c16", "-d5s", "-s", os.path.join(HERE, "load.lua"), f"http://127.0.0.1:{theirs.recv()}", "--", bodies.name, "token"]
        out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    after = os.times()
    found = json.loads(re.search(r"^FOUND (.*)$", out, re.MULTILINE).group(1))
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    each = spent * 1e6 / found["requests"]
    print(f"answers of {size} bytes: {found['requests'] / found['seconds']:.0f} a second, limited by the server;"
          f" wrk took {each:.1f} us of CPU each, so {1e6 / each:.0f} a second would fill its core")
    server.terminate()


main()
