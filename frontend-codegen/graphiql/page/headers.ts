// The text of the headers' editor: a JSON object, of which this page writes one entry, `Authorization`.

export type Headers = Record<string, string>;

/** The value of `Authorization` for a token. */
export function bearer(token: string): string {
  return `Bearer ${token}`;
}

/** The name under which the headers hold `Authorization`, whatever its case. */
function nameIn(headers: Headers): string | undefined {
  return Object.keys(headers).find((name) => name.toLowerCase() === "authorization");
}

/** The value of `Authorization`; undefined when there is none. */
export function authorizationIn(headers: Headers): string | undefined {
  const name = nameIn(headers);
  return name === undefined ? undefined : headers[name];
}

/**
 * The editor's text with another `Authorization`; undefined takes it out. Null when there is nothing to change, or when
 * the text is one that a person is still writing.
 */
export function withAuthorization(text: string, value: string | undefined): string | null {
  let headers: Headers;
  try {
    headers = text.trim() === "" ? {} : (JSON.parse(text) as Headers);
  } catch {
    return null;
  }
  if (typeof headers !== "object" || headers === null || authorizationIn(headers) === value) return null;
  const name = nameIn(headers) ?? "Authorization";
  const { [name]: _before, ...others } = headers;
  const all = value === undefined ? others : { [name]: value, ...others };
  return Object.keys(all).length === 0 ? "" : JSON.stringify(all, null, 2);
}
