// Following a job over a transport that a script plays: every version once, whatever breaks in between.
import assert from "node:assert/strict";
import { test } from "node:test";

import { RequestError, TransportError } from "../src/errors.js";
import { type FollowOptions, follow } from "../src/follow-job.js";
import type { JobState } from "../src/generated/graphql.js";

interface Event {
  version: number;
  state: JobState;
}

/** One subscription: what it sends, and how it ends; a number is the code that the socket is closed with. */
interface Script {
  events: Event[];
  ends?: number | Error;
}

const running = (version: number): Event => ({ version, state: "RUNNING" });
const success = (version: number): Event => ({ version, state: "SUCCESS" });
const closed = (closeCode: number) => new TransportError(`closed with ${closeCode}`, { closeCode });

/** Plays the scripts, one a subscription, and notes what was asked for and how long was waited. */
function play(scripts: Script[], options: FollowOptions = {}) {
  const asked: (number | null)[] = [];
  const waited: number[] = [];
  const versions: number[] = [];
  async function* subscribe(afterVersion: number | null): AsyncGenerator<Event> {
    const script = scripts[asked.length] ?? { events: [], ends: 1006 };
    asked.push(afterVersion);
    yield* script.events;
    if (script.ends !== undefined) throw typeof script.ends === "number" ? closed(script.ends) : script.ends;
  }
  const parts = {
    subscribe,
    wait: async (delay: number) => void waited.push(delay),
    chance: () => 1,
  };
  const done = (async () => {
    for await (const event of follow(parts, options)) versions.push(event.version);
  })();
  return { asked, waited, versions, done };
}

test("a job is followed from its first version to its last", async () => {
  const played = play([{ events: [running(1), running(2), success(3)] }], { afterVersion: 0 });
  await played.done;
  assert.deepEqual(played.versions, [1, 2, 3]);
  assert.deepEqual(played.asked, [0]);
});

test("without a version the first event is the present state", async () => {
  const played = play([{ events: [running(7), success(8)] }]);
  await played.done;
  assert.deepEqual(played.versions, [7, 8]);
  assert.deepEqual(played.asked, [null]);
});

for (const code of [1001, 1006, 1011, 1012, 1013, 4403, 4408, 4499]) {
  test(`a socket closed with ${code} is opened again after the version seen last`, async () => {
    const played = play([{ events: [running(1), running(2)], ends: code }, { events: [running(3), success(4)] }]);
    await played.done;
    assert.deepEqual(played.versions, [1, 2, 3, 4]);
    assert.deepEqual(played.asked, [null, 2]);
  });
}

for (const code of [1009, 4400, 4401, 4409, 4429, 4500]) {
  test(`a socket closed with ${code} is not opened again`, async () => {
    const played = play([{ events: [running(1)], ends: code }]);
    await assert.rejects(played.done, (error) => error instanceof TransportError && error.closeCode === code);
    assert.deepEqual(played.asked, [null]);
  });
}

test("a version that comes again is passed over", async () => {
  const played = play([{ events: [running(1), running(2)], ends: 1006 }, { events: [running(1), running(2), success(3)] }]);
  await played.done;
  assert.deepEqual(played.versions, [1, 2, 3]);
});

test("a hole is asked for again and never passed on", async () => {
  const played = play([{ events: [running(1), running(3)] }, { events: [running(2), running(3), success(4)] }], {
    afterVersion: 0,
  });
  await played.done;
  assert.deepEqual(played.versions, [1, 2, 3, 4]);
  assert.deepEqual(played.asked, [0, 1]);
});

test("a hole before the first event is asked for again, too", async () => {
  const played = play([{ events: [running(2)] }, { events: [running(1), success(2)] }], { afterVersion: 0 });
  await played.done;
  assert.deepEqual(played.versions, [1, 2]);
});

test("a stream that completes before the job has ended is asked for again", async () => {
  const played = play([{ events: [running(1)] }, { events: [success(2)] }]);
  await played.done;
  assert.deepEqual(played.versions, [1, 2]);
});

test("nothing follows the version with which a job ended", async () => {
  const played = play([{ events: [] }], { afterVersion: 9 });
  await played.done;
  assert.deepEqual(played.versions, []);
  assert.deepEqual(played.asked, [9]);
});

test("a job that was tried again is followed past its first end", async () => {
  const failed: Event = { version: 2, state: "FAILED" };
  const played = play([{ events: [running(1), failed, running(3), success(4)] }], { afterVersion: 0 });
  await played.done;
  assert.deepEqual(played.versions, [1, 2, 3, 4]);
});

test("a socket that is lost right behind an end is opened again, in case the job goes on", async () => {
  const failed: Event = { version: 2, state: "FAILED" };
  const played = play([{ events: [running(1), failed], ends: 1006 }, { events: [] }]);
  await played.done;
  assert.deepEqual([played.versions, played.asked], [[1, 2], [null, 2]]);
});

test("what the server refuses is thrown and not asked for again", async () => {
  const refused = new RequestError([{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } }]);
  const played = play([{ events: [], ends: refused }]);
  await assert.rejects(played.done, refused);
  assert.equal(played.asked.length, 1);
});

for (const code of ["RATE_LIMITED", "SERVICE_UNAVAILABLE", "TIMEOUT"]) {
  test(`what the server cannot do just now is asked for again: ${code}`, async () => {
    const busy = new RequestError([{ message: "Later.", extensions: { code } }]);
    const played = play([{ events: [running(1)], ends: busy }, { events: [success(2)] }]);
    await played.done;
    assert.deepEqual([played.versions, played.waited], [[1, 2], [1000]]);
  });
}

test("a refused token is renewed at once, other losses wait longer from time to time", async () => {
  const token = play([{ events: [], ends: 4403 }, { events: [success(1)] }]);
  await token.done;
  assert.deepEqual(token.waited, [0]);
  const network = play([1006, 1006, 1006].map((ends) => ({ events: [], ends })).concat({ events: [], ends: 4403 }), {
    attempts: 4,
  });
  await assert.rejects(network.done);
  assert.deepEqual(network.waited, [250, 500, 1000, 2000]);
});

test("a server that asks for patience gets more of it", async () => {
  const played = play([{ events: [], ends: 1013 }, { events: [success(1)] }]);
  await played.done;
  assert.deepEqual(played.waited, [1000]);
});

test("each version starts the count of attempts anew, and the last failure is thrown", async () => {
  const scripts = Array.from({ length: 5 }, (_, index) => ({ events: [running(index + 1)], ends: 1006 }));
  const lost: number[] = [];
  const played = play(scripts, { attempts: 2, onLost: (_error, delay) => lost.push(delay) });
  await assert.rejects(played.done, (error) => error instanceof TransportError && error.closeCode === 1006);
  assert.deepEqual(played.versions, [1, 2, 3, 4, 5]);
  assert.equal(played.asked.length, 7);
  assert.deepEqual(lost, played.waited);
});

test("200 random plays of losses, repetitions and holes give every version once", async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    let state = seed;
    const chance = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const length = 1 + Math.floor(chance() * 30);
    async function* subscribe(afterVersion: number | null): AsyncGenerator<Event> {
      const from = Math.max(1, (afterVersion ?? 0) + 1 - Math.floor(chance() * 3));
      for (let version = from; version <= length; version += chance() < 0.1 ? 2 : 1) {
        if (chance() < 0.1) throw closed([1006, 1012, 1013, 4403][Math.floor(chance() * 4)] ?? 1006);
        yield version === length ? success(version) : running(version);
      }
    }
    const seen: number[] = [];
    const parts = { subscribe, wait: async () => {}, chance };
    for await (const event of follow(parts, { afterVersion: 0, attempts: 1000 })) seen.push(event.version);
    assert.deepEqual(seen, Array.from({ length }, (_, index) => index + 1), `seed ${seed}`);
  }
});
