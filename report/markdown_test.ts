import assert from "node:assert/strict";
import fc from "fast-check";
import type { Result } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";
import { HOSTILE_TEXTS, sampleWithText, skeleton } from "./_sample_with_text.ts";
import { markdown } from "./markdown.ts";
import { codeBlock, escapeMarkdown } from "./markdown_text.ts";

async function render(result: Result): Promise<string> {
  const text = await markdown.render(result);
  assert.ok(typeof text === "string");
  return text;
}

/** The lines of the table whose first heading cells are these. */
function tableOf(text: string, start: string): string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(start));
  assert.ok(from >= 0, start);
  const length = lines.slice(from).findIndex((line) => !line.startsWith("|"));
  return lines.slice(from, from + length);
}

Deno.test("markdown names seeds and machine in its title and keeps its order", async () => {
  const lines = (await render(sampleResult())).split("\n");
  assert.deepEqual(lines.filter((line) => line.startsWith("#")), [
    "# Embedded MNIST, small CNN, ε 0.2: one seed, Example CPU @ 2.80GHz (2 cores)",
    "## Result",
    "## Recipes",
    "## Attacks in full",
    "## How the time is measured",
    "## Hardware and versions",
    "## Seeds, data and weights",
    "## Warnings",
    "## Runs that did not complete",
    "## How to reproduce it",
  ]);
  assert.match(lines[2] ?? "", /^In this one run of each method/);
  assert.equal(lines[4], "![Robust accuracy against training seconds and against full passes](curves.svg)");
  assert.match(await render(sampleResult({ seeds: [3, 4] })), /^# .*: 2 seeds, /);
});

Deno.test("markdown's main table of one seed", async () => {
  assert.deepEqual(tableOf(await render(sampleResult({ trouble: true })), "| Run | Clean"), [
    "| Run | Clean | Robust, FGSM | Robust, PGD-50-3 | Time to 60 % | Time to 75 % | Time to 90 % | Per step | " +
    "Relative to natural | Folklore | Full passes per step | First-layer passes per step | Epochs | Training time |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    "| **natural** | 98.5 % [97.9, 98.9] | 7.8 % [6.7, 9.1] | 0.8 % [0.5, 1.3] | not reached | not reached | not reached | 40.0 ms | 1.00× | 1× | 1 | 0 | 24 | 52.8 s |",
    "| **fgsm** | 98.1 % [97.4, 98.6] | 36.0 % [33.9, 38.1] | 29.0 % [27.1, 31.0] | not reached | not reached | not reached | 83.0 ms | 2.08× | 2× | 2 | 0 | 12 | 54.8 s |",
    "| **fgsm-rs** | 97.5 % [96.7, 98.1] | 82.6 % [80.9, 84.2] | 75.6 % [73.7, 77.4] | 25.8 s (after 23.4 s) | 51.4 s (after 49.1 s) | not reached | 85.0 ms | 2.13× | 2× | 2 | 0 | 20 | 93.5 s |",
    "| **pgd-3** | 96.8 % [95.9, 97.5] | 86.0 % [84.4, 87.5] | 79.0 % [77.2, 80.7] | 31.7 s (after 27.1 s) | 54.1 s (after 49.7 s) | not reached | 164 ms | 4.10× | 4× | 4 | 0 | 10 | 90.2 s |",
    "| **pgd-7** | 96.4 % [95.5, 97.1] | 86.6 % [85.0, 88.0] | 79.6 % [77.8, 81.3] | 45.7 s (after 36.4 s) | 82.1 s (after 72.8 s) | not reached | 331 ms | 8.28× | 8× | 8 | 0 | 6 | 109 s |",
    "| **yopo-5-3** | 96.6 % [95.7, 97.3] | 87.4 % [85.9, 88.8] | 80.4 % [78.6, 82.1] | 32.0 s (after 25.5 s) | 51.0 s (after 44.8 s) | not reached | 232 ms | 5.80× | 5× | 5 | 20 | 9 | 115 s |",
    "| **pgd-40** (failed) | – | – | – | not reached (failed) | not reached (failed) | not reached (failed) | – | – | 41× | – | – | 0 of 6 | – |",
    "| **yopo-3-5** (diverged) | – | – | – | not reached (diverged) | not reached (diverged) | not reached (diverged) | 232 ms | 5.80× | 3× | 3 | 18 | 1.51 of 9 | 19.3 s |",
  ]);
});

Deno.test("markdown gives median and range where there are several seeds", async () => {
  const line = tableOf(await render(sampleResult({ seeds: [0, 1, 2] })), "| Run | Clean").at(-1);
  assert.equal(
    line,
    "| **yopo-5-3** | 96.6 % | 87.4 % (87.2 % to 89.4 %) | 80.4 % (80.2 % to 82.4 %) | " +
      "32.9 s (after 26.2 s; 32.0 s to 39.2 s, 3 of 3 reached) | 59.1 s (after 52.4 s; 51.0 s to 65.4 s, 3 of 3 reached) | " +
      "not reached | 238 ms (232 ms to 238 ms) | 5.80× | 5× | 5 | 20 | 9 | 118 s (115 s to 118 s) |",
  );
});

Deno.test("markdown says below the table what its numbers are", async () => {
  const one = await render(sampleResult());
  assert.match(one, /^- In square brackets: the 95 % interval \(Wilson's\) .* sampling of the images judged alone/m);
  assert.match(one, /on 2000 held-out images, on which no choice depended\.$/m);
  assert.match(one, /closes a run comes sooner .* counts for no target\.$/m);
  assert.doesNotMatch(await render(sampleResult({ seeds: [0, 1] })), /Wilson|\[\d/);
  assert.doesNotMatch(await render(sampleResult({ targets: [] })), /Time to N|for no target/);
  const result = sampleResult();
  const chosen = { ...result.suite, final: { ...result.suite.final, split: result.suite.evaluation.split } };
  assert.match(await render({ ...result, suite: chosen }), /images, from the split that targets are judged on\.$/m);
});

Deno.test("markdown names methods and their options with the recipes, fractions to four digits", async () => {
  const result = sampleResult();
  const runs = result.runs.map((run) => ({
    ...run,
    config: { ...run.config, method: { name: run.config.method.name, options: { stepSize: 1 / 12, inner: 12345 } } },
  }));
  const line = tableOf(await render({ ...result, runs }), "| Run | Method").at(-1) ?? "";
  assert.match(line, /^\| \*\*yopo-5-3\*\* \| YOPO-5-3, L∞ ε=0\.2, α=0\.05, first layer as in the paper \| SGD/);
  assert.match(line, /\| stepSize=0\.08333, inner=12345 \|/);
});

Deno.test("markdown shows where the seconds of every run that began went", async () => {
  const text = await render(sampleResult({ trouble: true }));
  const lines = tableOf(text, "| Run | Training time");
  assert.equal(
    lines[0],
    "| Run | Training time | Of it, loading data | Evaluations | Kept weights | Start and warm-up | Wall time |",
  );
  assert.equal(lines[2], "| **natural** | 52.8 s | 50.0 ms | 25.0 s | 400 ms | 1.50 s | 82.8 s |");
  assert.ok(lines.some((line) => line.startsWith("| **yopo-3-5**")) && !lines.some((line) => line.includes("pgd-40")));
});

Deno.test("markdown gives the machine's load over the runs on it", async () => {
  const result = sampleResult();
  const loadsOf = async (runs: Result["runs"]) =>
    tableOf(await render({ ...result, runs }), "| CPU").at(-1)?.split(" | ").slice(5, 7);
  assert.deepEqual(await loadsOf(result.runs), ["0.23 to 0.93", "1.90"]);
  const elsewhere = result.runs.map((run) => ({
    ...run,
    attempts: run.attempts.map((attempt) => ({ ...attempt, machine: "machine-2" })),
  }));
  assert.deepEqual(await loadsOf(elsewhere), ["–", "–"]);
});

Deno.test("markdown says what failed, what was warned of and how to run it again", async () => {
  const text = await render(sampleResult({ trouble: true }));
  assert.ok(text.includes("- **pgd-40**, seed 0: failed: Cannot allocate 2.1 GB for the batch"));
  assert.ok(text.includes("- **yopo-3-5**, seed 0: diverged: The loss is not a number since step 96\n"));
  assert.ok(
    text.includes(
      "- The gradient had values that are not finite; use a smaller learning rate (gradient-overflow: yopo-3-5 seed 0)",
    ),
  );
  assert.ok(text.includes("```sh\ndeno task bench quick --seeds 0\n```"));
  assert.ok(text.includes("- attack 1 (curves and targets): PGD-20, L∞ ε=0.2, α=0.025, 1 restart, random start."));
});

Deno.test("markdown's structure does not depend on any text in the result", async () => {
  const expected = skeleton(await render(sampleWithText("x")));
  for (const text of HOSTILE_TEXTS) assert.equal(skeleton(await render(sampleWithText(text))), expected, text);
  const texts = fc.string({ unit: fc.constantFrom(..."|\\`*_[]()<>#~$&!\n\r\t -+1.a"), minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(texts, async (text) => assert.equal(skeleton(await render(sampleWithText(text))), expected)),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("escapeMarkdown() keeps addresses from becoming links", () => {
  assert.equal(escapeMarkdown("see https://a.b or www.a.b"), "see https\\://a.b or www\\.a.b");
});

Deno.test("codeBlock() cannot be closed from inside", () => {
  assert.equal(codeBlock("a\n```\nb"), "````\na ``` b\n````");
});

Deno.test("markdown renders a result without runs, points, machines or attacks", async () => {
  const result = sampleResult();
  assert.match(await render({ ...result, runs: [] }), /This result holds no runs/);
  assert.match(await render({ ...result, machines: [], attacks: {} }), /: one seed, no machine\n/);
  const runs = result.runs.map((run) => ({ ...run, points: [], timeTo: [], engine: null, counts: null, cost: null }));
  assert.match(await render({ ...result, runs }), /No method reached a target/);
});

Deno.test("markdown shows presets, waits for batches and Free's replays where a record has them", async () => {
  const result = sampleResult();
  const plain = await render(result);
  assert.ok(!/Preset|waiting for batches|optimizer steps on each batch/.test(plain));
  const runs = result.runs.map((run) => {
    if (run.label !== "fgsm" || !run.cost) return run;
    const config = { ...run.config, method: { name: "free-8", options: {} } };
    return { ...run, preset: "free-like", config, cost: { ...run.cost, dataWaitSeconds: 1.25 } };
  });
  const text = await render({ ...result, runs });
  const recipes = tableOf(text, "| Run | Preset | Method |");
  assert.match(recipes[2] ?? "", /^\| \*\*natural\*\* \| – \| /);
  assert.match(recipes[3] ?? "", /^\| \*\*fgsm\*\* \| free-like \| /);
  const clocks = tableOf(text, "| Run | Training time | Of it, loading data | Of it, waiting for batches |");
  assert.match(clocks[3] ?? "", /^\| \*\*fgsm\*\* \| 54\.8 s \| 50\.0 ms \| 1\.25 s \|/);
  assert.match(text, /^- \*\*fgsm\*\* takes 8 optimizer steps on each batch, 55 in each of its epochs; /m);
});
