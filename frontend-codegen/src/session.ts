// A session that is kept alive: one refresh for all who ask at once, saved before it is used, and an end that is told.
import { SessionEnded, TransportError } from "./errors.js";
import type { RefreshSessionMutation } from "./generated/graphql.js";
import type { Credentials } from "./options.js";
import type { SessionStore, StoredSession } from "./session-store.js";
import { expectNoUserErrors, UserErrors } from "./user-errors.js";

/** How long before its end an access token is renewed: a minute, or the last tenth of a short one's time. */
const RENEW_BEFORE_SECONDS = 60;
const RENEW_IN_LAST = 0.1;

/** The answer may be lost after the server has taken the token; within half a minute it gives the same one again. */
const TRY_AGAIN_AFTER = 1_000;

/** What `login`, `register` and `refreshSession` answer. */
export type SignedIn = RefreshSessionMutation["refreshSession"];

/** What a session takes from outside. */
export interface SessionParts {
  readonly store: SessionStore;
  /** Sends `refreshSession`, without a token in the header. */
  readonly refresh: (refreshToken: string) => Promise<SignedIn>;
  /** Runs the work while no other tab of the site runs such work. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Is told that nobody is signed in any more. */
  readonly onEnded: () => void;
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
  readonly wait: (delay: number) => Promise<void>;
}

export interface Session extends Credentials {
  /** What is kept. */
  load(): Promise<StoredSession | null>;
  /** Keeps the tokens of a sign-in, and gives its user. Throws `UserErrors` when there are none. */
  begin(payload: SignedIn): Promise<NonNullable<SignedIn["user"]>>;
  /** Forgets the tokens; what tells the server of this device stays, unless nobody could tell the server of the end. */
  end(isServerTold: boolean): Promise<void>;
}

export function openSession(parts: SessionParts): Session {
  const { store } = parts;
  /** Whose access tokens this client has seen: a request is repeated for its own user alone. */
  const owners = new Map<string, string>();
  let wasSignedIn = false;
  let renewing: Promise<string> | null = null;

  async function load(): Promise<StoredSession | null> {
    const stored = await store.load();
    if (isLive(stored)) owners.set(stored.accessToken, stored.userId);
    const isOver = wasSignedIn && !isLive(stored);
    wasSignedIn = isLive(stored);
    if (isOver) parts.onEnded();
    return stored;
  }

  async function begin(payload: SignedIn) {
    const { user, ...kept } = tokensOf(payload, parts.now());
    await store.save({ ...kept, userId: user.id });
    await load();
    return user;
  }

  async function end(isServerTold: boolean): Promise<void> {
    const stored = await load();
    if (stored && isServerTold) await store.save({ ...stored, accessToken: null });
    else await store.clear();
    await load();
  }

  function renew(refused: string): Promise<string> {
    renewing ??= parts.exclusively(() => rotate(refused)).finally(() => {
      renewing = null;
    });
    return renewing;
  }

  async function rotate(refused: string): Promise<string> {
    const shown = await load();
    if (!isLive(shown)) throw new SessionEnded();
    // Another tab, or an earlier request, has renewed it.
    if (shown.accessToken !== refused) return shown.accessToken;
    const payload = await refresh(shown.refreshToken);
    const isBusy = payload.userErrors.some(({ code }) => code === "RATE_LIMITED");
    if (isBusy) throw new UserErrors(payload.userErrors);
    const present = await load();
    const isUnchanged = present?.refreshToken === shown.refreshToken && isLive(present);
    if (isUnchanged && payload.userErrors.length > 0) await end(true);
    else if (isUnchanged) await begin(payload);
    // Else somebody has signed in or out meanwhile, or renewed it without a lock: what they saved counts.
    const next = isUnchanged ? await load() : present;
    if (!isLive(next)) throw new SessionEnded();
    return next.accessToken;
  }

  async function refresh(refreshToken: string): Promise<SignedIn> {
    try {
      return await parts.refresh(refreshToken);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      await parts.wait(TRY_AGAIN_AFTER);
      return parts.refresh(refreshToken);
    }
  }

  async function current(): Promise<string | null> {
    const stored = await load();
    if (!isLive(stored)) return null;
    return parts.now() < stored.renewAt ? stored.accessToken : renew(stored.accessToken);
  }

  async function renewed(refused: string | null): Promise<string | null> {
    if (refused === null) return current();
    const next = await renew(refused);
    // Somebody else has signed in, in another tab perhaps: what was asked was not theirs to ask.
    if (owners.has(refused) && owners.get(refused) !== owners.get(next)) throw new SessionEnded();
    return next;
  }

  return { load, begin, end, current, renewed };
}

/** Lets one tab at a time work, where the browser has locks. */
export function lockedBy(name: string): SessionParts["exclusively"] {
  const locks = globalThis.navigator?.locks;
  // The lock's own type resolves what the work gives once more, which changes nothing here.
  return async (work) => (locks ? await (locks.request(name, work) as ReturnType<typeof work>) : await work());
}

/** Somebody is signed in. */
export function isLive(stored: StoredSession | null): stored is StoredSession & { readonly accessToken: string } {
  return stored !== null && stored.accessToken !== null;
}

function tokensOf(payload: SignedIn, now: number) {
  const { accessToken, refreshToken, expiresIn, user } = expectNoUserErrors(payload);
  if (accessToken === null || refreshToken === null || expiresIn === null || user === null) {
    throw new TransportError("The server signed nobody in, and did not say why.");
  }
  const margin = Math.min(RENEW_BEFORE_SECONDS, expiresIn * RENEW_IN_LAST);
  return { accessToken, refreshToken, renewAt: now + (expiresIn - margin) * 1_000, user };
}
