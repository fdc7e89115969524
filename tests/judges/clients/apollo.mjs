// Apollo Client: queries and mutations over HTTP, subscriptions over the socket.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client/core";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";

/** The client over a socket that the scenario has opened. */
export function connect({ url, socket, headers }) {
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === "subscription",
      new GraphQLWsLink(socket),
      new SetContextLink((before) => ({ ...before, headers: headers() })).concat(new HttpLink({ uri: url })),
    ),
  });
  return {
    query: async (query, variables) => (await client.query({ query: gql(query), variables })).data,
    mutate: async (mutation, variables) => (await client.mutate({ mutation: gql(mutation), variables })).data,
    subscribe: (query, variables, { next, error: fail }) => {
      const events = client.subscribe({ query: gql(query), variables });
      const subscription = events.subscribe({ next: ({ data, error }) => (error ? fail(error) : next(data)), error: fail });
      return () => subscription.unsubscribe();
    },
  };
}
