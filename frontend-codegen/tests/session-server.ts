// A server with sessions, for the tests: it signs in, renews tokens as pennypost does, and refuses those that have ended.
import type { Reply, Sent } from "./server.js";

const USER = { id: "u", username: "ana" };
const refusal = { message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } };

export function sessions(expiresIn = 3_600) {
  /** The refresh token of the chain, and the access token, by the number of the pair. */
  let present = 0;
  let isEnded = true;
  /** Access tokens that are good. */
  const good = new Set<string>();
  const rotations: string[] = [];
  const logins: unknown[] = [];

  function pair(): object {
    good.add(`Bearer access-${present}`);
    const tokens = { accessToken: `access-${present}`, refreshToken: `refresh-${present}`, tokenType: "Bearer" };
    return { ...tokens, expiresIn, user: USER, userErrors: [] };
  }

  function refused(code: string): object {
    const userErrors = [{ code, message: "No.", field: null, retryAfterSeconds: null }];
    return { accessToken: null, refreshToken: null, tokenType: null, expiresIn: null, user: null, userErrors };
  }

  function rotate(shown: string): object {
    rotations.push(shown);
    if (isEnded) return refused("EXPIRED");
    // The one before gives the same next one again.
    if (shown === `refresh-${present - 1}`) return pair();
    if (shown !== `refresh-${present}`) {
      isEnded = true;
      good.clear();
      return refused("EXPIRED");
    }
    present += 1;
    return pair();
  }

  function answer({ authorization, variables, operation }: Sent): Reply {
    const name = /(?:query|mutation) (\w+)/.exec(operation.query ?? "")?.[1];
    const input = (variables?.["input"] ?? {}) as { password?: string; refreshToken?: string };
    if (authorization !== undefined && !good.has(authorization)) return { status: 401, body: { errors: [refusal] } };
    if (name === "RefreshSession") return { body: { data: { refreshSession: rotate(input.refreshToken ?? "") } } };
    if (name === "Login") {
      logins.push(input);
      if (input.password !== "right") return { body: { data: { login: refused("INVALID_CREDENTIALS") } } };
      present += 10;
      isEnded = false;
      return { body: { data: { login: pair() } } };
    }
    if (authorization === undefined) return { body: { errors: [refusal], data: null } };
    if (name === "Logout") {
      end();
      return { body: { data: { logout: { session: null, userErrors: [] } } } };
    }
    return { body: { data: { me: USER } } };
  }

  function end(): void {
    isEnded = true;
    good.clear();
  }

  return {
    answer,
    end,
    /** The access tokens have ended, the session has not. */
    expire: () => good.clear(),
    isGood: (authorization: string | undefined) => authorization !== undefined && good.has(authorization),
    rotations,
    logins,
  };
}
