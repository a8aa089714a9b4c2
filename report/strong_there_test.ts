import assert from "node:assert/strict";
import type { Result, RunRecord } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";
import { headline } from "./headline.ts";
import { markdown } from "./markdown.ts";
import { strongText, strongThere } from "./strong_there.ts";
import { summarize } from "./summarize.ts";

/** Runs of one label whose weights at 60 % keep so many of 300 images; null: not judged. */
function runsKeeping(correct: readonly (number | null)[]): { result: Result; runs: RunRecord[] } {
  const result = sampleResult({ strong: true, seeds: correct.map((_, seed) => seed) });
  const runs = result.runs.filter(({ label }) => label === "yopo-5-3").map((run, index) => {
    const right = correct[index] ?? null;
    const crossings = run.final.crossings.map(({ judged, ...crossing }) => ({
      ...crossing,
      judged: right === null || !judged ? null : {
        ...judged,
        robust: judged.robust.map((row) => ({ ...row, correct: right, accuracy: right / 300 })),
      },
    }));
    return { ...run, final: { ...run.final, crossings } };
  });
  return { result: { ...result, runs }, runs };
}

function textOf(correct: readonly (number | null)[], target = 0.6): string {
  const { result, runs } = runsKeeping(correct);
  const there = strongThere(result, runs, target);
  assert.ok(there);
  return strongText(there, runs.length);
}

Deno.test("strongText() gives one run's interval, and the median and range of several", () => {
  assert.equal(textOf([150]), "50.0 % [44.4, 55.6]");
  assert.equal(textOf([150, 120, 180]), "50.0 % (40.0 % to 60.0 %)");
  assert.equal(textOf([150, null, 180]), "55.0 % (50.0 % to 60.0 %, 2 of 3)");
});

Deno.test("strongText() tells what was not judged from what was not reached", () => {
  assert.equal(textOf([null]), "not judged");
  assert.equal(textOf([150], 0.9), "–");
});

Deno.test("strongThere() is null in a suite without a strong attack", () => {
  const result = sampleResult();
  assert.equal(strongThere(result, result.runs, 0.6), null);
  assert.ok(summarize(result).every((row) => row.strongThere.length === 0 && row.last.strong === null));
});

Deno.test("strongThere() calls a target hollow only where the whole interval lies below it", () => {
  // 163 of 300: up to 59.89 %; 164 of 300: up to 60.22 %.
  const hollow = (correct: number) => {
    const { result, runs } = runsKeeping([correct]);
    return strongThere(result, runs, 0.6)?.hollow.length;
  };
  assert.deepEqual([hollow(163), hollow(164), hollow(180)], [1, 0, 0]);
});

Deno.test("markdown shows the strong accuracy beside each time, and the reader what it is", async () => {
  const text = String(await markdown.render(sampleResult({ strong: true })));
  const [head, , ...rows] = text.slice(text.indexOf("| Run | Clean")).split("\n");
  assert.match(
    head ?? "",
    /\| Robust, PGD-50-3 \| APGD-CE\+T, 300 images \| Time to 60 % \| APGD-CE\+T there, 300 images \| Time to 75 % \|/,
  );
  assert.match(rows[0] ?? "", /\| not reached \| – \| not reached \| – \|/);
  assert.match(rows[5] ?? "", /^\| \*\*yopo-5-3\*\* .* \| 32\.0 s \(after 25\.5 s\) \| 58\.7 % \[53\.0, 64\.1\] \|/);
  assert.match(text, /^\| Run \| Clean \| Robust, FGSM \| Robust, PGD-50-3 \| APGD-CE\+T, 300 images \|$/m);
  assert.match(
    text,
    /^- APGD-CE\+T \(attack 4\): accuracy under this stronger attack, .* first 300 held-out images\./m,
  );
  assert.match(
    text,
    /^- attack 4 \(strong: the first 300 final images, .*\): APGD-CE\+T, L∞ ε=0\.2 \(apgd-ce, apgd-t\)\./m,
  );
  assert.doesNotMatch(text, /[Hh]ollow/);
});

Deno.test("markdown of a suite without a strong attack keeps its columns", async () => {
  const text = String(await markdown.render(sampleResult()));
  assert.doesNotMatch(text, / there, |strong attack|APGD|Stages of/);
});

Deno.test("markdown gives each stage of an ensemble a line", async () => {
  const text = String(await markdown.render(sampleResult({ strong: true })));
  const [, table] = text.split(
    "Stages of APGD-CE+T (attack 4), each run on the images that those before it left correct",
  );
  assert.match(
    table ?? "",
    /^\| \*\*yopo-5-3\*\* \| 0 \| last \| apgd-ce \| 290 \| 235 \| 78\.3 % \[73\.3, 82\.6\] \| 9\.00 s \|$/m,
  );
  assert.match(table ?? "", /^\| \*\*yopo-5-3\*\* \| 0 \| first at 75 % \| apgd-t \| \d+ \| 213 \|/m);
});

Deno.test("a hollow target is told below the table and in the headline", async () => {
  const { result } = runsKeeping([100]);
  const text = String(await markdown.render(result));
  assert.match(
    text,
    /^Hollow targets:\n\n- \*\*yopo-5-3\*\*, seed 0: 60 % under PGD-20 was hollow\. Of the weights kept there APGD-CE\+T leaves 33\.3 % \[28\.2, 38\.8\] on 300 held-out images, below 60 % by more than the 95 % interval\.$/m,
  );
  assert.match(text, /^The targets were judged on validation images, and a first crossing is chosen for its height/m);
  assert.match(headline(result, summarize(result)), /75 % was hollow for yopo-5-3: the strong attack takes it back/);
  const three = runsKeeping([100, 290, 100]).result;
  assert.match(headline(three, summarize(three)), /75 % was hollow for yopo-5-3 \(2 of 3 seeds\)/);
});

Deno.test("headline() ranks the last weights under the strong attack too, on its images", () => {
  const result = sampleResult({ strong: true });
  const runs = result.runs.filter(({ label }) => ["fgsm", "yopo-5-3"].includes(label));
  assert.match(
    headline({ ...result, runs }, summarize({ ...result, runs })),
    /By the strong attack \*\*yopo-5-3\*\* had the highest robust accuracy on the first 300 of them, under APGD-CE\+T: 76\.3 % \(95 % interval 71\.2 % to 80\.8 %\)\.$/,
  );
});

Deno.test("summarize() keeps a final attack's row apart from the strong one's of the same key", () => {
  const result = sampleResult({ strong: true });
  const key = result.suite.strong?.attack ?? "";
  const suite = { ...result.suite, final: { ...result.suite.final, attacks: [key] } };
  const runs = result.runs.slice(-1).map((run) => {
    const last = run.final.last;
    const full = { attack: key, accuracy: 0.8, correct: 1600, count: 2000, seconds: 1, maxPerturbation: 0.2 };
    return { ...run, final: { ...run.final, last: last && { ...last, robust: [full, ...last.robust] } } };
  });
  const [row] = summarize({ ...result, suite, runs });
  assert.deepEqual([row?.last.robust.get(key)?.median, row?.last.robust.get(key)?.count], [0.8, 1]);
  assert.equal(row?.last.strong?.median, 229 / 300);
  assert.equal(row?.last.strongest?.accuracy.median, 0.8);
});
