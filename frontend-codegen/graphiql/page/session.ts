// Who is signed in on this page: an access token, kept until the tab of the browser is closed and never longer.

export interface Session {
  readonly token: string;
  /** What people know the user by; empty for a token that came in another way than by the form. */
  readonly name: string;
}

const KEY = "pennypost:session";

let session: Session | null = stored();
let isOver = false;
const listeners = new Set<() => void>();

/** Who is signed in; the same object until that changes. */
export function currentSession(): Session | null {
  return session;
}

/** True when the server has ended the session that was here, and nobody has signed in since. */
export function hasEnded(): boolean {
  return isOver;
}

/** Signs in. */
export function setSession(next: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(next));
  change(next, false);
}

/** The server no longer takes this token. Says so where it is the one of this page, and not of a session before. */
export function endSession(token: string): void {
  if (session?.token !== token) return;
  sessionStorage.removeItem(KEY);
  change(null, true);
}

/** Calls back after each change, until the function that it gives is called. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function change(next: Session | null, isOverNow: boolean): void {
  session = next;
  isOver = isOverNow;
  for (const listener of listeners) listener();
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
