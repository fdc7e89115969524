// What a request says of who asks: the header `Authorization`.

export type Headers = Record<string, string>;

/** The value of `Authorization` for a token. */
export function bearer(token: string): string {
  return `Bearer ${token}`;
}

/** The value of `Authorization`, whatever the case of its name; undefined when there is none. */
export function authorizationIn(headers: Headers): string | undefined {
  const name = Object.keys(headers).find((name) => name.toLowerCase() === "authorization");
  return name === undefined ? undefined : headers[name];
}
