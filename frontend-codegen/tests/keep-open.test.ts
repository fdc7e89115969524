// A subscription that is kept open: how long it waits, what it gives up for, and what counts as a failure.
import assert from "node:assert/strict";
import { test } from "node:test";

import { RequestError, TransportError } from "../src/index.js";
import { keepOpen } from "../src/keep-open.js";

const closed = (closeCode: number) => new TransportError("Closed.", { closeCode });

/** Opens again and again; each stream lives so long, brings so many events and ends with the error, or by itself. */
function play(streams: { events?: number; lives?: number; ends?: Error }[]) {
  let time = 0;
  let opened = 0;
  const waited: number[] = [];
  const lost: unknown[] = [];
  async function* open() {
    const { events = 0, lives = 0, ends } = streams[opened++] ?? {};
    for (let nth = 0; nth < events; nth += 1) yield opened;
    time += lives;
    if (ends) throw ends;
  }
  const parts = { wait: async (delay: number) => void waited.push(delay), chance: () => 1, now: () => time };
  const seen: number[] = [];
  const done = (async () => {
    for await (const event of keepOpen(open, parts, { onLost: (error) => lost.push(error) })) seen.push(event);
  })();
  return { done, seen, waited, lost, opened: () => opened };
}

test("a lost stream is opened again, one that completes is not", async () => {
  const ends = closed(1012);
  const played = play([{ events: 1, ends }, { events: 2 }]);
  await played.done;
  assert.deepEqual([played.seen, played.lost, played.waited], [[1, 2, 2], [ends], [250]]);
});

test("ten failures in a row are too many", async () => {
  const played = play(Array.from({ length: 12 }, () => ({ ends: closed(1006) })));
  await assert.rejects(played.done, TransportError);
  assert.deepEqual([played.opened(), played.waited.length, played.waited.at(-1)], [10, 9, 10_000]);
});

test("a stream that lived for half a minute, or brought something, was no failure", async () => {
  const hourly = Array.from({ length: 15 }, () => ({ lives: 31_000, ends: closed(4403) }));
  const busy = Array.from({ length: 15 }, () => ({ events: 1, ends: closed(1006) }));
  for (const [streams, delay] of [[hourly, 0], [busy, 250]] as const) {
    const played = play([...streams]);
    await played.done;
    assert.deepEqual([played.opened(), [...new Set(played.waited)]], [16, [delay]]);
  }
});

test("what would end the same way again is thrown", async () => {
  const refused = new RequestError([{ message: "For admins.", extensions: { code: "FORBIDDEN" } }]);
  for (const ends of [refused, closed(4400), new TypeError("A fault.")]) {
    const played = play([{ ends }]);
    await assert.rejects(played.done, ends);
    assert.equal(played.opened(), 1);
  }
});
