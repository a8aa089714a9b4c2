import assert from "node:assert/strict";
import { RunClock } from "./clock.ts";

/** A clock on a time that the test sets, in milliseconds. */
function fakeClock(): { clock: RunClock; set: (milliseconds: number) => void } {
  let now = 1000;
  return { clock: new RunClock(() => now), set: (milliseconds) => now = milliseconds };
}

Deno.test("RunClock counts each moment on exactly one clock", () => {
  const { clock, set } = fakeClock();
  set(2000);
  clock.switchTo("train");
  set(5000);
  clock.switchTo("evaluation");
  set(5500);
  assert.deepEqual([clock.seconds("idle"), clock.seconds("train"), clock.seconds("evaluation")], [1, 3, 0.5]);
  assert.equal(clock.wallSeconds(), 4.5);
});

Deno.test("RunClock.during() goes back to the clock that ran before, also after a failure", async () => {
  const { clock, set } = fakeClock();
  clock.switchTo("train");
  await assert.rejects(clock.during("evaluation", () => {
    set(3000);
    throw new Error("attack failed");
  }));
  set(4000);
  assert.deepEqual([clock.seconds("evaluation"), clock.seconds("train")], [2, 1]);
});

Deno.test("RunClock.restore() goes on from an earlier attempt and leaves the gap out", () => {
  const first = fakeClock();
  first.clock.switchTo("train");
  first.set(4000);
  const saved = first.clock.save();
  const { clock, set } = fakeClock();
  set(1500);
  clock.restore(saved);
  clock.switchTo("train");
  set(2500);
  assert.deepEqual([clock.seconds("train"), clock.seconds("idle"), clock.wallSeconds()], [4, 0.5, 4.5]);
});
