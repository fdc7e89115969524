// A server of a few lines for the tests: it answers and closes as each test says, and notes what it was sent.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** A request, or a subscription over the socket. */
export interface Sent {
  authorization: string | undefined;
  variables: Record<string, unknown> | undefined;
  /** All that says which operation it is: the text, or the id and the name. */
  operation: { query?: string; documentId?: string; operationName?: string };
}

/** What of it most tests look at. */
export const signed = ({ authorization, variables }: Sent) => ({ authorization, variables });

type Payload = Sent["operation"] & { variables?: Record<string, unknown> };

/** One answer over HTTP. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** What a subscription gets, in order: data, the errors of a refusal, or the code that the socket is closed with. */
export type Step = { next: unknown } | { error: unknown[] } | { close: number } | "complete";

export async function startServer(parts: {
  reply?: (sent: Sent) => Reply | Promise<Reply>;
  steps?: (sent: Sent, nth: number) => Step[];
  /** Closes a socket with 4403 that is opened with this. */
  isRefused?: (authorization: string | undefined) => boolean;
}) {
  const requests: Sent[] = [];
  const subscriptions: Sent[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const { variables, ...operation } = JSON.parse(await text(incoming)) as Payload;
    const sent = { authorization: incoming.headers.authorization, variables, operation };
    requests.push(sent);
    const reply = (await parts.reply?.(sent)) ?? { status: 404, body: {} };
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
        payload?: Payload & { Authorization?: string };
      };
      if (message.type === "connection_init") {
        authorization = message.payload?.Authorization;
        if (parts.isRefused?.(authorization)) socket.close(4403, "as the test says");
        else send({ type: "connection_ack" });
      } else if (message.type === "subscribe") {
        const { id } = message;
        const { variables, ...operation } = message.payload ?? {};
        const sent = { authorization, variables, operation };
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
