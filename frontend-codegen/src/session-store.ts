// Where the tokens of a session are kept.

/** What is kept of a session. */
export interface StoredSession {
  /** Who has signed in. */
  readonly userId: string;
  /** Signs requests; null once the session has ended. */
  readonly accessToken: string | null;
  /**
   * What the next pair of tokens is had for. It stays when the session has ended: by it `login` tells the server which
   * device this is, so that a stranger's wrong passwords do not lock its owner out.
   */
  readonly refreshToken: string;
  /** When the next pair is asked for, in milliseconds since 1970: a moment before the access token ends. */
  readonly renewAt: number;
}

/** Keeps one session. It is asked before each request: what another tab has saved counts at once. */
export interface SessionStore {
  load(): StoredSession | null | Promise<StoredSession | null>;
  save(session: StoredSession): void | Promise<void>;
  clear(): void | Promise<void>;
}

/** Keeps the session as long as the program runs. */
export function memorySession(): SessionStore {
  let kept: StoredSession | null = null;
  return {
    load: () => kept,
    save: (session) => {
      kept = session;
    },
    clear: () => {
      kept = null;
    },
  };
}

/**
 * Keeps the session in the browser, for all tabs of the site. Every script of the site can read it there: with
 * `sessionStorage` as the second argument it is one tab's, and gone with it.
 */
export function browserSession(key = "pennypost:session", storage: Storage = localStorage): SessionStore {
  return {
    load: () => parse(storage.getItem(key)),
    save: (session) => storage.setItem(key, JSON.stringify(session)),
    clear: () => storage.removeItem(key),
  };
}

/** What is none of ours counts as nothing. */
function parse(text: string | null): StoredSession | null {
  try {
    const { userId, accessToken, refreshToken, renewAt } = JSON.parse(text ?? "{}") as Partial<StoredSession>;
    if (accessToken !== null && typeof accessToken !== "string") return null;
    if (typeof userId !== "string" || typeof refreshToken !== "string" || typeof renewAt !== "number") return null;
    return { userId, accessToken, refreshToken, renewAt };
  } catch {
    return null;
  }
}
