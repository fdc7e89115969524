// Keeps a subscription open through lost sockets, for whoever does not mind what came meanwhile.
import { RequestError, TransportError } from "./errors.js";
import { delayAfter } from "./follow-job.js";
import type { CallOptions } from "./options.js";

export interface SubscribeOptions extends CallOptions {
  /**
   * With it a lost socket does not end the subscription: it is opened again a moment later, `delay` milliseconds, and this
   * is told of it. What came meanwhile is missed, so load again what you show. The tenth failure in a row is thrown.
   */
  readonly onLost?: (error: TransportError | RequestError, delay: number) => void;
}

/** What keeping open takes from outside. */
export interface KeepOpenParts {
  readonly wait: (delay: number, signal?: AbortSignal) => Promise<void>;
  /** A number from 0 to 1, by chance. */
  readonly chance: () => number;
  /** The time, in milliseconds. */
  readonly now: () => number;
}

const ATTEMPTS = 10;
/** A stream that lived longer was no failure, even if it brought nothing. */
const STEADY = 30_000;

export async function* keepOpen<Event>(
  open: () => AsyncIterable<Event>,
  parts: KeepOpenParts,
  options: SubscribeOptions,
): AsyncGenerator<Event, void, undefined> {
  let failures = 0;
  for (;;) {
    const opened = parts.now();
    let lost: TransportError | RequestError;
    try {
      for await (const event of open()) {
        failures = 0;
        yield event;
      }
      return;
    } catch (error) {
      const isOurs = error instanceof TransportError || error instanceof RequestError;
      if (!isOurs || !error.isWorthRetrying) throw error;
      lost = error;
    }
    failures = parts.now() - opened > STEADY ? 1 : failures + 1;
    if (failures >= ATTEMPTS) throw lost;
    const delay = delayAfter(lost, failures, parts.chance());
    options.onLost?.(lost, delay);
    await parts.wait(delay, options.signal);
  }
}
