import assert from "node:assert/strict";
import type { Result, RunRecord } from "../bench/result.ts";
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
      "(still below at 37.0 s). Then came pgd-7 with 80.0 s (after 77.0 s). Targets were judged under PGD-20 on 500 " +
      "validation images, where 75 % has a 95 % interval from 71.0 % to 78.6 %. One seed is one sample: this is what " +
      "happened once, and no speed-up is claimed. At the end the highest robust accuracies, under the strongest of the " +
      "final attacks, PGD-50-3, cannot be told apart on 2000 held-out images: yopo-5-3 with 80.4 % (95 % interval 78.6 % " +
      "to 82.1 %) and pgd-7 with 79.6 %.",
  );
});

Deno.test("headline() leaves the order open where the intervals overlap", () => {
  const open = headlineOf(withTimes({ "pgd-7": 42, "yopo-5-3": 40 }));
  assert.match(open, /\*\*yopo-5-3\*\* was the first seen at 75 % robust accuracy: after 40\.0 s/);
  assert.match(
    open,
    /The order of yopo-5-3 and pgd-7 is not settled by these evaluations, since their intervals overlap\./,
  );
  assert.doesNotMatch(open, /reached 75 % robust accuracy first/);
  assert.doesNotMatch(headlineOf(withTimes({ "pgd-7": 43, "yopo-5-3": 40 })), /overlap/);
  assert.match(headlineOf(withTimes({ "pgd-7": 44, "yopo-5-3": 40 }, [0, 1, 2])), /overlap/);
});

Deno.test("headline() leaves the order open among those who came after the first, too", () => {
  const text = headlineOf(withTimes({ "fgsm-rs": 20, "pgd-3": 40, "pgd-7": 42, "yopo-5-3": 44 }));
  assert.match(text, /\*\*fgsm-rs\*\* reached 75 % robust accuracy first/);
  assert.match(text, /The order of pgd-3, pgd-7 and yopo-5-3 is not settled/);
  const pairs = headlineOf(withTimes({ "fgsm-rs": 20, "fgsm": 21, "pgd-7": 42, "yopo-5-3": 44 }));
  assert.match(pairs, /The order of fgsm-rs and fgsm; of pgd-7 and yopo-5-3 is not settled/);
});

Deno.test("headline() sees that a wide interval reaches back over a narrow one", () => {
  const result = withTimes({ "pgd-3": 40, "pgd-7": 44, "yopo-5-3": 50 });
  const runs = result.runs.map((run) =>
    run.label !== "yopo-5-3" ? run : { ...run, timeTo: run.timeTo.map((time) => ({ ...time, lowerBoundSeconds: 39 })) }
  );
  assert.match(headlineOf({ ...result, runs }), /The order of pgd-3, pgd-7 and yopo-5-3 is not settled/);
});

Deno.test("headline() does not speak of an evaluation before the first", () => {
  const [one, three] = [[0], [0, 1, 2]].map((seeds) => {
    const result = withTimes({ "yopo-5-3": 40 }, seeds);
    const runs = result.runs.map((run) => ({
      ...run,
      timeTo: run.timeTo.map((time) => ({ ...time, lowerBoundSeconds: 0 })),
    }));
    return headlineOf({ ...result, runs });
  });
  assert.match(one ?? "", /reached 75 % robust accuracy first: at its first evaluation, after 40\.0 s of training\./);
  assert.match(three ?? "", /41\.0 s of training \(at its first evaluation; 40\.0 s to 42\.0 s, 3 of 3 reached it\)/);
});

/** The sample's run of a label alone, or with others, its last weights with these numbers right of 2000. */
function withFinal(correct: Readonly<Record<string, Readonly<Record<string, number>>>>): Result {
  const result = withTimes(Object.fromEntries(Object.keys(correct).map((label, index) => [label, 40 + 10 * index])));
  const runs = result.runs.map((run) => {
    const last = run.final.last;
    const robust = last?.robust.map((row) => {
      const right = correct[run.label]?.[result.attacks[row.attack]?.name ?? ""] ?? 0;
      return { ...row, correct: right, accuracy: right / row.count };
    });
    return { ...run, final: { ...run.final, last: last && { ...last, robust: robust ?? [] } } };
  });
  return { ...result, runs };
}

Deno.test("headline() judges the end under each run's strongest attack and names it", () => {
  assert.match(
    headlineOf(withFinal({ "pgd-7": { fgsm: 1500, "pgd-50": 1480 }, "fgsm-rs": { fgsm: 1900, "pgd-50": 200 } })),
    /At the end \*\*pgd-7\*\* had the highest robust accuracy on 2000 held-out images, under the strongest of the final attacks, PGD-50-3: 74\.0 % \(95 % interval 72\.0 % to 75\.9 %\)\.$/,
  );
  assert.match(
    headlineOf(withFinal({ "pgd-7": { fgsm: 1500, "pgd-50": 1480 }, "fgsm-rs": { fgsm: 1470, "pgd-50": 1600 } })),
    /cannot be told apart on 2000 held-out images: .*74\.0 % .* and fgsm-rs with 73\.5 %/,
  );
  assert.match(
    headlineOf(withFinal({ "pgd-7": { fgsm: 1500, "pgd-50": 1480 }, "fgsm-rs": { fgsm: 1470, "pgd-50": 1600 } })),
    /each under the strongest of the final attacks \(PGD-50-3 or FGSM\)/,
  );
});

Deno.test("headline() names a winner at the end only where no other's interval reaches its own", () => {
  const second = (right: number) =>
    headlineOf(withFinal({ "pgd-7": { fgsm: 2000, "pgd-50": 1500 }, "fgsm-rs": { fgsm: 2000, "pgd-50": right } }));
  // 1500 of 2000: from 73.06 %. 1422: up to 73.04 %; 1423: up to 73.09 %.
  assert.match(second(1422), /\*\*pgd-7\*\* had the highest robust accuracy/);
  assert.match(second(1423), /cannot be told apart/);
});

Deno.test("headline() of several seeds shows their range and no other interval at the end", () => {
  const text = headlineOf(withTimes({ "yopo-5-3": 40 }, [0, 1, 2]));
  assert.match(
    text,
    /a median robust accuracy on 2000 held-out images, .*: 80\.4 % \(80\.2 % to 82\.4 % over 3 seeds\)\.$/,
  );
});

Deno.test("headline() of several seeds speaks of medians", () => {
  const text = headlineOf(withTimes({ "pgd-7": 80, "yopo-5-3": 40 }, [0, 1, 2]));
  assert.match(text, /^Over 3 seeds, \*\*yopo-5-3\*\* had the smallest median time to 75 % robust accuracy: 41\.0 s/);
  assert.match(text, /40\.0 s to 42\.0 s, 3 of 3 reached it/);
  assert.match(text, /no speed-up is claimed/);
});

Deno.test("headline() takes the highest target that was reached and names those that were not", () => {
  const text = headlineOf(sampleResult({ trouble: true }));
  assert.match(text, /was the first seen at 75 % robust accuracy/);
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
  const elsewhere = (run: RunRecord) => run.attempts.map((attempt) => ({ ...attempt, machine: "machine-2" }));
  const runs = result.runs.map((run) => run.label === "pgd-7" ? { ...run, attempts: elsewhere(run) } : run);
  const text = headlineOf({ ...result, runs });
  assert.match(text, /^The runs used 2 machines, so their times are not compared here\. At the end/);
  assert.doesNotMatch(text, /first|after/);
});

Deno.test("headline() calls a result with open runs provisional", () => {
  const result = withTimes({ "pgd-7": 80, "yopo-5-3": 40 });
  const runs = result.runs.map((run) => ({ ...run, status: run.label === "pgd-7" ? "planned" as const : run.status }));
  assert.match(headlineOf({ ...result, runs }), /1 of 2 runs have not ended, so all this is provisional\./);
});
