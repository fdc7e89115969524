// graphql-yoga with a subscription of ten events a second over graphql-ws, everything in one process and in memory.
import { createServer } from 'node:http';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const pubSub = createPubSub();
const yoga = createYoga({
  logging: false,
  schema: createSchema({
    typeDefs: `
      type Progress { done: Int! total: Int }
      type JobEvent { jobId: ID! version: Int! state: String! at: String! progress: Progress! }
      type Query { hello: String }
      type Subscription { allJobEvents: JobEvent! }
    `,
    resolvers: {
      Subscription: {
        allJobEvents: { subscribe: () => pubSub.subscribe('event'), resolve: (event) => event },
      },
    },
  }),
});
const server = createServer(yoga);
const sockets = new WebSocketServer({ server, path: '/graphql' });
useServer(
  {
    execute: (request) => request.rootValue.execute(request),
    subscribe: (request) => request.rootValue.subscribe(request),
    onSubscribe: async (context, _id, payload) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params: payload,
      });
      const request = {
        schema,
        operationName: payload.operationName,
        document: parse(payload.query),
        variableValues: payload.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(request.schema, request.document);
      return errors.length > 0 ? errors : request;
    },
  },
  sockets,
);
const port = Number(process.argv[2] ?? 4100);
server.listen(port, '127.0.0.1', () => console.log(`pid ${process.pid}, ws://127.0.0.1:${port}/graphql`));

let version = 0;
setInterval(() => {
  version += 1;
  const at = new Date(performance.timeOrigin + performance.now()).toISOString();
  pubSub.publish('event', { jobId: 'BwGiE', version, state: 'RUNNING', at, progress: { done: version, total: null } });
}, 100);
