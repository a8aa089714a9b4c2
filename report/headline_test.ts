import assert from "node:assert/strict";
import type { Result } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";
import { headline } from "./headline.ts";
import { summarize } from "./summarize.ts";

const headlineOf = (result: Result) => headline(result, summarize(result));

/** The sample with these training times to the middle target, the evaluation before three seconds earlier. */
function withTimes(times: Readonly<Record<string, number>>, seeds: readonly number[] = [0]): Result {
  const result = sampleResult({ seeds, targets: [0.75] });
  const runs = result.runs.filter((run) => run.label in times).map((run) => {
    const seconds = (times[run.label] ?? 0) + run.seed;
    const timeTo = run.timeTo.map((time) => ({ ...time, trainSeconds: seconds, lowerBoundSeconds: seconds - 3 }));
    return { ...run, timeTo };
  });
  return { ...result, runs };
}

Deno.test("headline() of one seed tells who was first, between which evaluations, and claims no speed-up", () => {
  assert.equal(
    headlineOf(withTimes({ "pgd-7": 80, "yopo-5-3": 40 })),
    "In this one run of each method, **yopo-5-3** reached 75 % robust accuracy first: after 40.0 s of training " +
      "(still below at 37.0 s). Then came pgd-7 with 80.0 s (after 77.0 s). One seed is one sample: this is what " +
      "happened once, and no speed-up is claimed. At the end the highest robust accuracy on the held-out images was " +
      "80.4 % (yopo-5-3). Targets were judged on 500 validation images, where one image is 0.2 %: small differences " +
      "mean nothing.",
  );
});

Deno.test("headline() leaves the order open where the intervals overlap", () => {
  assert.match(headlineOf(withTimes({ "pgd-7": 42, "yopo-5-3": 40 })), /intervals of yopo-5-3 and pgd-7 overlap/);
  assert.doesNotMatch(headlineOf(withTimes({ "pgd-7": 43, "yopo-5-3": 40 })), /overlap/);
  assert.match(headlineOf(withTimes({ "pgd-7": 44, "yopo-5-3": 40 }, [0, 1, 2])), /overlap/);
});

Deno.test("headline() of several seeds speaks of medians", () => {
  const text = headlineOf(withTimes({ "pgd-7": 80, "yopo-5-3": 40 }, [0, 1, 2]));
  assert.match(text, /^Over 3 seeds, \*\*yopo-5-3\*\* had the smallest median time to 75 % robust accuracy: 41\.0 s/);
  assert.match(text, /40\.0 s to 42\.0 s, 3 of 3 reached it/);
  assert.match(text, /no speed-up is claimed/);
});

Deno.test("headline() takes the highest target that was reached and names those that were not", () => {
  const text = headlineOf(sampleResult({ trouble: true }));
  assert.match(text, /reached 75 % robust accuracy first/);
  assert.match(
    text,
    /natural, fgsm: not reached; pgd-40: not reached \(failed\); yopo-3-5: not reached \(diverged\)\./,
  );
  assert.match(text, /Nobody reached 90 %\./);
});

Deno.test("headline() says that a target was reached by some seeds only", () => {
  const result = sampleResult({ seeds: [0, 1, 2] });
  const runs = result.runs.map((run) =>
    run.label !== "pgd-7" || run.seed !== 1
      ? run
      : { ...run, timeTo: run.timeTo.map((time) => ({ ...time, trainSeconds: 50, lowerBoundSeconds: 40 })) }
  );
  assert.match(headlineOf({ ...result, runs }), /90 %: reached by some seeds only\./);
});

Deno.test("headline() of a result that has nothing to compare says so", () => {
  assert.match(headlineOf({ ...sampleResult(), runs: [] }), /^This result holds no runs\./);
  assert.match(headlineOf(sampleResult({ targets: [] })), /^This suite has no target accuracies/);
  assert.match(headlineOf(sampleResult({ targets: [0.99] })), /^No method reached a target \(the lowest is 99 %/);
});

Deno.test("headline() does not compare times of different machines", () => {
  const result = withTimes({ "pgd-7": 80, "yopo-5-3": 40 });
  const elsewhere = [{ attempt: 1, machine: "machine-2", fromStep: 0, startedAt: result.created }];
  const runs = result.runs.map((run) => run.label === "pgd-7" ? { ...run, attempts: elsewhere } : run);
  const text = headlineOf({ ...result, runs });
  assert.match(text, /^The runs used 2 machines, so their times are not compared here\. At the end/);
  assert.doesNotMatch(text, /first|after/);
});

Deno.test("headline() calls a result with open runs provisional", () => {
  const result = withTimes({ "pgd-7": 80, "yopo-5-3": 40 });
  const runs = result.runs.map((run) => ({ ...run, status: run.label === "pgd-7" ? "planned" as const : run.status }));
  assert.match(headlineOf({ ...result, runs }), /1 of 2 runs have not ended, so all this is provisional\./);
});
