// urql: queries and mutations over HTTP, subscriptions over the socket.
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from "@urql/core";

/** The client over a socket that the scenario has opened. */
export function connect({ url, socket, headers }) {
  const client = new Client({
    url,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: headers() }),
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
  const dataOf = ({ data, error }) => {
    if (error) throw error;
    return data;
  };
  return {
    query: async (query, variables) => dataOf(await client.query(query, variables)),
    mutate: async (query, variables) => dataOf(await client.mutation(query, variables)),
    subscribe: (query, variables, { next, error }) =>
      client.subscription(query, variables).subscribe((result) => (result.error ? error(result.error) : next(result.data)))
        .unsubscribe,
  };
}
