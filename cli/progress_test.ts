import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProgressEvent } from "../bench/progress.ts";
import type { Point } from "../bench/result.ts";
import { duration } from "./duration.ts";
import { liveDisplay } from "./live_display.ts";
import { advance, drawLevels, emptyView, levels, type View } from "./progress.ts";

const point: Point = {
  epoch: 1.5,
  step: 15,
  examples: 150,
  trainSeconds: 12.34,
  wallSeconds: 20,
  passes: { full: 15, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 },
  loss: 0.5,
  split: "validation",
  clean: { accuracy: 0.9, correct: 90, count: 100 },
  robust: [{ attack: "pgd", accuracy: 0.4, correct: 40, count: 100, seconds: 1, maxPerturbation: 0.2 }],
};

function step(step: number): ProgressEvent {
  const position = { epoch: Math.floor(step / 10), stepInEpoch: step % 10, stepsPerEpoch: 10 };
  return { kind: "step", step, totalSteps: 20, epochs: 2, loss: 0.25, trainSeconds: step, ...position };
}

const suite: ProgressEvent = {
  kind: "suite",
  name: "quick",
  out: "results/quick",
  runs: 3,
  engine: "wasm",
  workers: 2,
  reason: "asked for",
};
const warnings = [{ code: "few", message: "few images", advice: "use more" }];

function start(index: number): ProgressEvent {
  return { kind: "run-start", label: "pgd-3", methodLabel: "PGD-3, L∞ ε=0.2", seed: index, index, runs: 3 };
}

function end(seed: number): ProgressEvent {
  return { kind: "run-end", label: "pgd-3", seed, status: "completed", message: null, warnings };
}

/** The view after events one second apart. */
function after(events: readonly ProgressEvent[]): { view: View; now: number } {
  return {
    view: events.reduce((view, event, i) => advance(view, event, i * 1000), emptyView),
    now: events.length * 1000,
  };
}

function shown(events: readonly ProgressEvent[], columns = 120): string[] {
  const { view, now } = after(events);
  return drawLevels(levels(view, now), columns).map((line) => line.replaceAll(/[█░]+ /g, "").replaceAll(/ +/g, " "));
}

Deno.test("the display nests suite, run and batch, with accuracies and seconds left", () => {
  assert.deepEqual(shown([suite, start(0)]), ["quick 0/3 runs", "pgd-3 seed 0 starting"]);
  assert.deepEqual(shown([suite, start(0), step(1), step(2), { kind: "point", label: "pgd-3", point }, step(5)]), [
    "quick 0/3 runs",
    "pgd-3 seed 0 epoch 1/2, 15 s left, clean 90.0 %, robust 40.0 %",
    "batch 5/10, loss 0.250",
  ]);
});

Deno.test("an evaluation takes the batch's place until the next step", () => {
  const evaluation: ProgressEvent = { kind: "evaluation", what: "validation, PGD-20", done: 50, total: 200 };
  assert.equal(shown([suite, start(0), step(1), evaluation])[2], "validation, PGD-20 50/200 images");
  assert.equal(shown([suite, start(0), step(1), evaluation, step(2)])[2], "batch 2/10, loss 0.250");
});

Deno.test("the suite's seconds left follow from the runs that are over", () => {
  assert.equal(shown([suite, start(0), step(1), end(0), start(1)])[0], "quick 1/3 runs, about 4 s left");
  const skipped: ProgressEvent = { kind: "run-skip", label: "pgd-3", seed: 0, index: 0, status: "completed" };
  assert.equal(shown([suite, skipped, start(1)])[0], "quick 1/3 runs");
  assert.equal(shown([suite, start(2), step(1), end(2)])[0], "quick 3/3 runs");
});

Deno.test("no line of the display is wider than the terminal", () => {
  const { view, now } = after([suite, start(0), step(1), step(2), { kind: "point", label: "pgd-3", point }, step(5)]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (columns) => {
      for (const line of drawLevels(levels(view, now), columns)) {
        assert.ok([...line].length < Math.max(2, columns), line);
      }
    }),
    { seed: 1 },
  );
});

/** What liveDisplay writes for events one second apart. */
function written(events: readonly ProgressEvent[], isTerminal: boolean): string {
  let text = "", time = 0;
  const err = { write: (more: string) => void (text += more), isTerminal, colors: false, columns: () => 80 };
  const display = liveDisplay({ err, now: () => time });
  for (const event of events) {
    time += 1000;
    display.observe(event);
  }
  display.clear();
  return text;
}

const whole = [suite, start(0), step(1), { kind: "point", label: "pgd-3", point } as const, step(2), end(0)];

Deno.test("without a terminal each evaluation and each finished run is one plain line", () => {
  assert.equal(
    written([...whole, start(1), end(1)], false),
    `quick: 3 runs on wasm, results in results/quick
Engine wasm with 2 workers: asked for
[1/3] PGD-3, L∞ ε=0.2, seed 0
[1/3] pgd-3 seed 0: epoch 1.5, 12.3 s of training: clean 90.0 %, robust 40.0 %
[1/3] pgd-3 seed 0 completed after 4 s, clean 90.0 %, robust 40.0 %
  warning: few images; use more
[2/3] PGD-3, L∞ ε=0.2, seed 1
[2/3] pgd-3 seed 1 completed after 1 s
`,
  );
});

Deno.test("on a terminal what was drawn is wiped and the finished run stays", () => {
  const screen: string[] = [];
  for (const [, up, line] of written(whole, true).replaceAll("\x1b", "^").matchAll(/\^\[(\d+)A\^\[J|([^\n^]*)\n/g)) {
    if (up === undefined) screen.push(line ?? "");
    else screen.splice(-Number(up));
  }
  assert.deepEqual(screen, [
    "quick: 3 runs on wasm, results in results/quick",
    "Engine wasm with 2 workers: asked for",
    "[1/3] pgd-3 seed 0 completed after 4 s, clean 90.0 %, robust 40.0 %",
    "  warning: few images; use more",
  ]);
});

Deno.test("labels cannot move the cursor", () => {
  const bad: ProgressEvent = {
    kind: "run-start",
    label: "a\x1b[2J\nb",
    methodLabel: "m\x1b[2J",
    seed: 0,
    index: 0,
    runs: 1,
  };
  assert.ok(!written([suite, bad, step(1)], false).includes("\x1b"));
  assert.ok(!shown([suite, bad]).join("").includes("\x1b"));
});

Deno.test("neither can the suite's name and folder", () => {
  const bad: ProgressEvent = { ...suite, name: "a\x1b[2J\nb", out: "results/\x1b[2J\nfake" };
  assert.equal(
    written([bad], false),
    "a [2J b: 3 runs on wasm, results in results/ [2J fake\nEngine wasm with 2 workers: asked for\n",
  );
  assert.equal(shown([bad])[0], "a [2J b 0/3 runs");
});

Deno.test("the display goes silent, and nothing else happens, where stderr cannot be written", () => {
  let tries = 0;
  const write = (): void => {
    tries++;
    throw new Deno.errors.BrokenPipe("Broken pipe");
  };
  for (const isTerminal of [true, false]) {
    tries = 0;
    const display = liveDisplay({ err: { write, isTerminal, colors: false, columns: () => 80 }, now: () => 0 });
    for (const event of whole) display.observe(event);
    display.say("Stopping");
    display.clear();
    assert.equal(tries, 1);
  }
});

Deno.test("duration() counts in the two largest units", () => {
  assert.deepEqual([-1, 0.4, 59.4, 59.6, 61, 3599, 7384].map(duration), [
    ...["0 s", "0 s", "59 s", "1 min 0 s", "1 min 1 s", "59 min 59 s", "2 h 3 min"],
  ]);
});
