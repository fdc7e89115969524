// A server of a few lines for the tests: it answers and closes as each test says, and notes what it was sent.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

export interface Sent {
  authorization: string | undefined;
  variables: Record<string, unknown> | undefined;
}

/** One answer over HTTP. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** What a subscription gets, in order: data, the errors of a refusal, or the code that the socket is closed with. */
export type Step = { next: unknown } | { error: unknown[] } | { close: number } | "complete";

export async function startServer(parts: {
  reply?: (sent: Sent) => Reply;
  steps?: (sent: Sent, nth: number) => Step[];
}) {
  const requests: Sent[] = [];
  const subscriptions: Sent[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = JSON.parse(await text(incoming)) as { variables?: Record<string, unknown> };
    const sent = { authorization: incoming.headers.authorization, variables: body.variables };
    requests.push(sent);
    const reply = parts.reply?.(sent) ?? { status: 404, body: {} };
    outgoing.writeHead(reply.status ?? 200, { "Content-Type": "application/json", ...reply.headers });
    outgoing.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
  });
  const sockets = new WebSocketServer({ server, handleProtocols: () => "graphql-transport-ws" });
  sockets.on("connection", (socket) => {
    let authorization: string | undefined;
    const send = (message: object) => socket.send(JSON.stringify(message));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as {
        type: string;
        id?: string;
        payload?: { Authorization?: string; variables?: Record<string, unknown> };
      };
      if (message.type === "connection_init") {
        authorization = message.payload?.Authorization;
        send({ type: "connection_ack" });
      } else if (message.type === "subscribe") {
        const { id } = message;
        const sent = { authorization, variables: message.payload?.variables };
        subscriptions.push(sent);
        for (const step of parts.steps?.(sent, subscriptions.length) ?? []) {
          if (step === "complete") send({ type: "complete", id });
          else if ("next" in step) send({ type: "next", id, payload: { data: step.next } });
          else if ("error" in step) send({ type: "error", id, payload: step.error });
          else socket.close(step.close, "as the test says");
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    requests,
    subscriptions,
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function text(incoming: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of incoming) body += String(part);
  return body;
}
