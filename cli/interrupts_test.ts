import assert from "node:assert/strict";
import { Interrupts } from "./interrupts.ts";

/** An instance that counts its ends. */
function counted(): { interrupts: Interrupts; ends: () => number } {
  let ends = 0;
  return { interrupts: new Interrupts(() => ends++), ends: () => ends };
}

Deno.test("the first interrupt aborts the signal and ends nothing", () => {
  const { interrupts, ends } = counted();
  assert.equal(interrupts.signal.aborted, false);
  interrupts.receive(1000);
  assert.equal(interrupts.signal.aborted, true);
  assert.equal(ends(), 0);
});

Deno.test("signals within 300 ms of one another count as one", () => {
  const { interrupts, ends } = counted();
  for (const time of [1000, 1001, 1150, 1400]) interrupts.receive(time);
  assert.equal(ends(), 0);
});

Deno.test("the second interrupt ends the program", () => {
  const { interrupts, ends } = counted();
  for (const time of [1000, 1002, 1500]) interrupts.receive(time);
  assert.equal(ends(), 1);
});
