// Who is signed in on this page: an access token, kept until the tab of the browser is closed and never longer.

export interface Session {
  readonly token: string;
  /** What people know the user by; empty for a token that came in another way than by the form. */
  readonly name: string;
}

const KEY = "pennypost:session";

let session: Session | null = stored();
const listeners = new Set<() => void>();

/** Who is signed in; the same object until that changes. */
export function currentSession(): Session | null {
  return session;
}

/** Signs in, or out with null. */
export function setSession(next: Session | null): void {
  session = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

/** Calls back after each change, until the function that it gives is called. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): Session | null {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    const { token, name } = (value ?? {}) as Partial<Session>;
    return typeof token === "string" && typeof name === "string" ? { token, name } : null;
  } catch {
    return null;
  }
}
