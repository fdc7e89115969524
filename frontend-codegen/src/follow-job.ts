// Follows one job version by version, through lost sockets, until it ends.
import { CLOSED_FOR_LOAD, CLOSED_FOR_TOKEN, RequestError, TransportError } from "./errors.js";
import type { JobEventFieldsFragment, JobState } from "./generated/graphql.js";

export interface FollowOptions {
  /**
   * The version that was seen last: the events above it follow, so 0 gives them all. Without it the first event is the
   * present state.
   */
  readonly afterVersion?: number;
  /** How often in a row it may fail to go on, before the failure is thrown; 10 unless given. */
  readonly attempts?: number;
  /** Is told of each failure that is being mended, and how long that waits, in milliseconds. */
  readonly onLost?: (error: TransportError | RequestError, delay: number) => void;
  /** Stops it. */
  readonly signal?: AbortSignal;
}

/** What following takes from outside. */
export interface FollowParts<Event> {
  /** Subscribes to what follows a version; null asks for the present state first. */
  readonly subscribe: (afterVersion: number | null) => AsyncIterable<Event>;
  /** Waits, in milliseconds. */
  readonly wait: (delay: number, signal?: AbortSignal) => Promise<void>;
  /** A number from 0 to 1, by chance: clients that lost their sockets together should not come back together. */
  readonly chance: () => number;
}

const ENDS: ReadonlySet<JobState> = new Set<JobState>(["SUCCESS", "FAILED", "CANCELLED"]);

/** True for a state that a job does not leave by itself. */
export function isEnd(state: JobState): boolean {
  return ENDS.has(state);
}

type Versioned = Pick<JobEventFieldsFragment, "version" | "state">;

/**
 * Yields every version once and in order, until the job has ended.
 *
 * The server completes the stream then. A state that is an end is not enough: a job that was tried again has ended
 * before, and its earlier versions say so.
 */
export async function* follow<Event extends Versioned>(
  parts: FollowParts<Event>,
  options: FollowOptions = {},
): AsyncGenerator<Event, void, undefined> {
  const attempts = options.attempts ?? 10;
  let last = options.afterVersion === undefined ? null : Math.max(0, options.afterVersion);
  // The caller may know the version with which the job has ended: then nothing follows.
  let hasEnded = last !== null;
  let failures = 0;
  for (;;) {
    let lost: TransportError | RequestError = new TransportError("The server ended the stream before the job had ended.");
    let isWhole = true;
    try {
      for await (const event of parts.subscribe(last)) {
        if (last !== null && event.version <= last) continue;
        if (last !== null && event.version > last + 1) {
          // A hole is never passed on: what is missing is asked for again.
          lost = new TransportError(`After version ${last} the server sent version ${event.version}.`);
          isWhole = false;
          break;
        }
        last = event.version;
        hasEnded = isEnd(event.state);
        failures = 0;
        yield event;
      }
      if (isWhole && hasEnded) return;
    } catch (error) {
      const isOurs = error instanceof TransportError || error instanceof RequestError;
      if (!isOurs || !error.isWorthRetrying) throw error;
      lost = error;
    }
    failures += 1;
    if (failures > attempts) throw lost;
    const delay = delayAfter(lost, failures, parts.chance());
    options.onLost?.(lost, delay);
    await parts.wait(delay, options.signal);
  }
}

/** At once when only the token was at fault, else longer from time to time, up to 10 s. */
export function delayAfter(lost: TransportError | RequestError, failures: number, chance: number): number {
  const closeCode = lost instanceof TransportError ? lost.closeCode : null;
  if (closeCode === CLOSED_FOR_TOKEN && failures === 1) return 0;
  const isBusy = closeCode === CLOSED_FOR_LOAD || lost instanceof RequestError;
  return Math.round(Math.min(10_000, (isBusy ? 1_000 : 250) * 2 ** (failures - 1)) * (0.5 + chance / 2));
}

/** Waits unless, and until, the signal says stop. */
export function wait(delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, delay);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
