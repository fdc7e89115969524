// graphql-ws alone: everything goes over the socket.

/** The client over a socket that the scenario has opened. */
export function connect({ socket }) {
  const once = async (query, variables) => {
    for await (const { data, errors } of socket.iterate({ query, variables })) {
      if (errors) throw new Error(errors[0].message);
      return data;
    }
    throw new Error("The server completed without an answer.");
  };
  return {
    query: once,
    mutate: once,
    subscribe: (query, variables, { next, error }) =>
      socket.subscribe(
        { query, variables },
        { next: ({ data, errors }) => (errors ? error(errors[0]) : next(data)), error, complete: () => {} },
      ),
  };
}
