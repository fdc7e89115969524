"""What becomes of an open socket when its session, its role, its user or its token is good no longer, and how soon."""
import asyncio
import base64
import json
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from figures import say
from server import PASSWORD, TOKENS, Server, said

PATIENCE = 90
GRACE = 31


def measure(options):
    # 1 is the least that the setting takes.
    with Server(options, "open-socket", ACCESS_TOKEN_EXPIRE_MINUTES="1") as server:
        asyncio.run(watch_all(server))


async def watch_all(server):
    bystander = await in_thread(server.register, "bystander")
    token = bystander.mutate("createApiToken", {"name": "watch", "scopes": ["READ", "INGEST"]}, "token userErrors { message }")["token"]
    quiet = await Socket.open(server, token, bystander)
    slow = [asyncio.create_task(replayed(server)), asyncio.create_task(expired(server))]
    for case in (logged_out, revoked, logged_out_everywhere, changed_password, role_changed, deactivated, set_password, deleted,
                 token_revoked):
        await case(server)
    await asyncio.gather(*slow)
    say("another user's socket, all the while", "open" if not quiet.closed.done() else f"CLOSED: {quiet.closed.result()}")


async def in_thread(work, *words, **how):
    return await asyncio.to_thread(work, *words, **how)


class Socket:
    """A socket that is subscribed to myJobEvents, has brought an event, and is read until it is closed."""

    @classmethod
    async def open(cls, server, token, client):
        self = cls()
        self.socket = await connect(f"ws://{server.listen}/graphql", subprotocols=["graphql-transport-ws"])
        await self.say({"type": "connection_init", "payload": {"Authorization": "Bearer " + token}})
        assert json.loads(await self.socket.recv())["type"] == "connection_ack"
        query = "subscription { myJobEvents { version state kind } }"
        await self.say({"type": "subscribe", "id": "1", "payload": {"query": query}})
        self.brought, self.closed = asyncio.Event(), asyncio.get_running_loop().create_future()
        self.reading = asyncio.create_task(self.read())
        await asyncio.sleep(0.2)
        await in_thread(client.mutate, "extractEmails", {}, "job { id }", token=token)
        await asyncio.wait_for(self.brought.wait(), 20)
        return self

    async def say(self, message):
        await self.socket.send(json.dumps(message))

    async def read(self):
        try:
            while True:
                message = json.loads(await self.socket.recv())
                if message["type"] == "next":
                    self.brought.set()
        except ConnectionClosed as ended:
            frame = ended.rcvd
            code, reason = (frame.code, frame.reason) if frame else (1006, "no close frame")
            self.closed.set_result((time.perf_counter(), code, reason))

    async def after(self, what, act):
        """Does it, and says when and how the socket was closed."""
        begun = time.perf_counter()
        answer = await in_thread(act)
        answered = time.perf_counter()
        try:
            at, code, reason = await asyncio.wait_for(asyncio.shield(self.closed), PATIENCE)
        except TimeoutError:
            say(what, f"STILL OPEN after {PATIENCE} s; the answer was {answer}")
            return
        say(what, f"{code} {reason}, {(at - begun) * 1000:.0f} ms after it was sent ({(at - answered) * 1000:+.0f} ms after its answer"
                  f" `{answer}`)")


async def subscribed(server, name):
    client = await in_thread(server.register, name)
    return client, await Socket.open(server, client.token, client)


def mutation(client, name, payload, **how):
    return lambda: said(client.mutate(name, payload, **how))


async def logged_out(server):
    client, socket = await subscribed(server, "s-logout")
    await socket.after("logout", lambda: str(client.ask("mutation { logout { userErrors { code } } }").get("errors", "done")))


async def revoked(server):
    client, socket = await subscribed(server, "s-revoked")
    other = client.mutate("login", {"login": "s-revoked", "password": PASSWORD}, TOKENS)["accessToken"]
    listed = client.ask("{ me { sessions { nodes { id isCurrent } } } }", token=other)["data"]["me"]["sessions"]["nodes"]
    first = next(session["id"] for session in listed if not session["isCurrent"])
    await socket.after("revokeSession on another device", mutation(client, "revokeSession", {"sessionId": first}, token=other))


async def logged_out_everywhere(server):
    client, socket = await subscribed(server, "s-everywhere")
    other = client.mutate("login", {"login": "s-everywhere", "password": PASSWORD}, TOKENS)["accessToken"]
    ask = "mutation { logoutEverywhere { endedCount userErrors { code } } }"
    await socket.after("logoutEverywhere on another device", lambda: str(client.ask(ask, token=other).get("errors", "done")))


async def changed_password(server):
    client, socket = await subscribed(server, "s-password")
    other = client.mutate("login", {"login": "s-password", "password": PASSWORD}, TOKENS)["accessToken"]
    payload = {"oldPassword": PASSWORD, "newPassword": "quite another pass phrase"}
    await socket.after("changePassword on another device", mutation(client, "changePassword", payload, token=other))


async def by_admin(server, name, what, mutate, extra):
    client, socket = await subscribed(server, name)
    admin, _ = await in_thread(server.admin, name + "-chief")
    user = client.ask("{ me { id } }")["data"]["me"]["id"]
    await socket.after(what, mutation(admin, mutate, {"userId": user} | extra))


async def role_changed(server):
    await by_admin(server, "s-role", "setUserRole by an admin", "setUserRole", {"role": "ADMIN"})


async def deactivated(server):
    await by_admin(server, "s-inactive", "deactivateUser by an admin", "deactivateUser", {})


async def set_password(server):
    _, socket = await subscribed(server, "s-operator")
    await socket.after("user set-password, in another process", lambda: server.command("user", "set-password", "s-operator") and "done")


async def deleted(server):
    client, socket = await subscribed(server, "s-leaver")
    await socket.after("deleteUser on another connection", mutation(client, "deleteUser", {"password": PASSWORD}))


async def token_revoked(server):
    client = await in_thread(server.register, "s-token")
    made = client.mutate("createApiToken", {"name": "watch", "scopes": ["READ", "INGEST"]}, "token apiToken { id } userErrors { message }")
    socket = await Socket.open(server, made["token"], client)
    await socket.after("revokeApiToken", mutation(client, "revokeApiToken", {"apiTokenId": made["apiToken"]["id"]}))


async def replayed(server):
    client = await in_thread(server.register, "s-replay")
    old = client.refresh
    # Without the access token: one that has ended is refused before the refresh token is looked at.
    nobody = server.client()
    refresh = lambda token: nobody.mutate("refreshSession", {"refreshToken": token}, TOKENS)
    first = await in_thread(refresh, old)
    again = await in_thread(refresh, old)
    say("a refresh token shown twice within 30 s", "the same next one" if again["refreshToken"] == first["refreshToken"] else said(again))
    socket = await Socket.open(server, first["accessToken"], client)
    await asyncio.sleep(GRACE)
    await socket.after(f"a refresh token shown again {GRACE} s after its use", lambda: said(refresh(old)))
    say("the next token of that session", said(await in_thread(refresh, first["refreshToken"])))


async def expired(server):
    client, socket = await subscribed(server, "s-expired")
    claims = client.token.split(".")[1]
    ends = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
    try:
        _, code, reason = await asyncio.wait_for(asyncio.shield(socket.closed), PATIENCE)
        say("the access token's end", f"{code} {reason}, {(time.time() - ends) * 1000:+.0f} ms from its `exp`")
    except TimeoutError:
        say("the access token's end", f"STILL OPEN {time.time() - ends:.0f} s after it")
