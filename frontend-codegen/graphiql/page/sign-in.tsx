// The box above the editors in which a person signs in and out.
import { type FormEvent, useState, useSyncExternalStore } from "react";

import { post } from "./fetcher.ts";
import { bearer } from "./headers.ts";
import { hasEnded, onSession, type Session, setSession } from "./session.ts";
import { startAnew } from "./storage.ts";

const LOGIN = `mutation SignIn($login: String!, $password: String!) {
  login(input: { login: $login, password: $password }) {
    accessToken
    user { username }
    userErrors { message retryAfterSeconds }
  }
}`;

interface Login {
  accessToken: string | null;
  user: { username: string } | null;
  userErrors: { message: string; retryAfterSeconds: number | null }[];
}

/** Signs in and gives null, or the sentence that says why not. */
async function signIn(login: string, password: string): Promise<string | null> {
  const answer = await post({ query: LOGIN, variables: { login, password } });
  const payload = (answer.data as { login: Login } | null | undefined)?.login;
  if (payload?.accessToken) {
    setSession({ token: payload.accessToken, name: payload.user?.username ?? login });
    return null;
  }
  const refusal = payload?.userErrors[0] ?? (answer.errors as { message: string }[] | undefined)?.[0];
  return refusal?.message ?? "The server gave no token and did not say why.";
}

/** What stands beside the form when the server has ended the session. */
const ENDED = "Your session has ended. Sign in again; what you wrote is still here.";
/** How long the server may take to end a session before the page leaves it to end by itself, in milliseconds. */
const PATIENCE = 2_000;

/**
 * Signs out here, whatever the server says, and opens the page anew: no answer, no text and no history of this user is
 * left for the next one.
 */
async function signOut({ token }: Session): Promise<void> {
  const query = "mutation SignOut { logout { userErrors { message } } }";
  const leaving = post({ query }, { Authorization: bearer(token) }).catch(() => undefined);
  await Promise.race([leaving, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  startAnew();
}

export function SignIn({ session }: { session: Session | null }) {
  const [said, setSaid] = useState<string | null>(null);
  const [isWaiting, setIsWaiting] = useState(false);
  const isOver = useSyncExternalStore(onSession, hasEnded);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const values = new FormData(form);
    setIsWaiting(true);
    setSaid(null);
    try {
      setSaid(await signIn(String(values.get("login")), String(values.get("password"))));
    } catch {
      setSaid("The server did not answer.");
    }
    setIsWaiting(false);
  }

  function leave(session: Session) {
    setIsWaiting(true);
    void signOut(session);
  }

  return (
    <header className="sign-in">
      <strong>pennypost</strong>
      {session ? (
        <>
          <span>
            {session.name ? (
              <>
                signed in as <b>{session.name}</b>
              </>
            ) : (
              "signed in"
            )}
          </span>
          <button type="button" disabled={isWaiting} onClick={() => leave(session)}>
            Sign out
          </button>
        </>
      ) : (
        <form onSubmit={submit}>
          <input name="login" aria-label="Username or email" placeholder="username or email" autoComplete="username" required />
          <input
            name="password"
            type="password"
            aria-label="Password"
            placeholder="password"
            autoComplete="current-password"
            required
          />
          <button type="submit" disabled={isWaiting}>
            Sign in
          </button>
          <span role="alert">{said ?? (isOver ? ENDED : null)}</span>
        </form>
      )}
    </header>
  );
}
