import assert from "node:assert/strict";
import type { RunRecord } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";
import { timeText, timeToTarget } from "./time_to_target.ts";

/** Runs of one label that reached the target at the given times, the evaluation before a second earlier. */
function runsReaching(times: readonly (number | null)[], status: RunRecord["status"] = "completed") {
  const result = sampleResult();
  const attack = result.suite.evaluation.attack;
  const [template] = result.runs;
  assert.ok(template);
  const runs = times.map((seconds, seed): RunRecord => ({
    ...template,
    seed,
    status: seconds === null ? status : "completed",
    timeTo: [{
      target: 0.7,
      attack,
      trainSeconds: seconds,
      lowerBoundSeconds: seconds === null ? null : seconds - 1,
      epoch: seconds,
      fullPasses: seconds === null ? null : seconds * 10,
    }],
  }));
  return { result, runs };
}

function textOf(times: readonly (number | null)[], status?: RunRecord["status"]): string {
  const { result, runs } = runsReaching(times, status);
  return timeText(timeToTarget(result, runs, 0.7));
}

Deno.test("timeText() brackets one run's time with the evaluation before", () => {
  assert.equal(textOf([12.3]), "12.3 s (after 11.3 s)");
});

Deno.test("timeText() says so where the first evaluation met the target", () => {
  assert.equal(textOf([1]), "1.00 s (first evaluation)");
  assert.equal(textOf([1, 1, 2]), "1.00 s (first evaluation; 1.00 s to 2.00 s, 3 of 3 reached)");
});

Deno.test("timeText() gives the median and the range of several seeds", () => {
  assert.equal(textOf([12, 20, 14]), "14.0 s (after 13.0 s; 12.0 s to 20.0 s, 3 of 3 reached)");
});

Deno.test("timeText() counts a run that did not reach as slower than all others", () => {
  assert.equal(textOf([12, null, 14]), "14.0 s (after 13.0 s; 12.0 s to 14.0 s, 2 of 3 reached)");
  assert.equal(textOf([12, null, null]), "not reached (1 of 3 reached)");
  assert.equal(textOf([12, null]), "not reached (1 of 2 reached)");
});

Deno.test("timeText() never turns not reached into a number, and says why a run ended", () => {
  assert.equal(textOf([null]), "not reached");
  assert.equal(textOf([null], "diverged"), "not reached (diverged)");
  assert.equal(textOf([null, null], "failed"), "not reached (2 failed)");
});

Deno.test("timeToTarget() looks at the suite's own attack only", () => {
  const { result, runs } = runsReaching([12]);
  const other = runs.map((run) => ({ ...run, timeTo: run.timeTo.map((time) => ({ ...time, attack: "another" })) }));
  assert.equal(timeToTarget(result, other, 0.7).medianSeconds, null);
  assert.equal(timeToTarget(result, other, 0.7).latestSeconds, Infinity);
  assert.equal(timeToTarget(result, runs, 0.7).medianSeconds, 12);
});
