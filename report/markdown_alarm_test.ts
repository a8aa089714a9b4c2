import assert from "node:assert/strict";
import type { AlarmPoint, Result } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";
import { csv } from "./csv.ts";
import { markdown } from "./markdown.ts";
import { alarmNotice, alarmSection } from "./markdown_alarm.ts";

/** FGSM-RS whose robust accuracy under PGD-10 is gone after epoch 8 of 12. */
function withAlarm(): Result {
  const result = sampleResult();
  const alarm = Array.from({ length: 12 }, (_, index) => point(index + 1, index < 8 ? 256 + 8 * index : 2));
  const warnings = [{ code: "catastrophic-overfitting", message: "PGD-10 accuracy fell", advice: "stop earlier" }];
  return {
    ...result,
    runs: result.runs.map((run) => run.label === "fgsm-rs" ? { ...run, alarm, warnings } : { ...run, alarm: [] }),
  };
}

function point(epoch: number, correct: number): AlarmPoint {
  const of = (right: number) => ({ accuracy: right / 512, correct: right, count: 512 });
  return { epoch, step: 55 * epoch, attack: "PGD-10, L∞ ε=0.2", pgd: of(correct), fgsm: of(384) };
}

Deno.test("markdown names catastrophic overfitting before anything else", async () => {
  const lines = (await markdown.render(withAlarm())).toString().split("\n");
  assert.match(lines[2] ?? "", /^\*\*Catastrophic overfitting\*\* in \*\*fgsm-rs\*\* \(seed 0\): /);
  assert.match(lines[4] ?? "", /^In this one run/);
  const headings = lines.filter((line) => line.startsWith("## "));
  assert.deepEqual(headings.slice(0, 3), ["## Result", "## Catastrophic overfitting", "## Recipes"]);
});

Deno.test("alarmSection() shows the accuracies at both ends and around the fall", () => {
  const text = alarmSection(withAlarm());
  const epochs = [...text.matchAll(/^\| \*\*fgsm-rs\*\* \| 0 \| (\d+) \|/gm)].map(([, epoch]) => Number(epoch));
  assert.deepEqual(epochs, [1, 6, 7, 8, 9, 10, 11, 12]);
  assert.ok(text.includes("| **fgsm-rs** | 0 | 8 | 60.9 % | 75.0 % |\n| **fgsm-rs** | 0 | 9 | 0.4 % | 75.0 % |"));
  assert.match(text, /Watched after each epoch: PGD-10, L∞ ε=0\.2, on 512 images, and FGSM on the same\.$/);
});

Deno.test("alarmSection() and alarmNotice() are silent where no alarm fired", () => {
  const quiet = withAlarm();
  const runs = quiet.runs.map((run) => ({ ...run, warnings: [] }));
  for (const part of [alarmNotice, alarmSection]) assert.equal(part({ ...quiet, runs }), "");
});

Deno.test("csv has two lines for each point of the watch, without times", async () => {
  const [header = "", ...rows] = (await csv.render(withAlarm())).toString().trimEnd().split("\n");
  const watched = rows.filter((row) => row.includes(",alarm,"));
  assert.equal(watched.length, 24);
  assert.equal(rows.length - watched.length, withAlarm().runs.flatMap(({ points }) => points).length);
  assert.match(watched[0] ?? "", /,1,55,,,,,,,,,alarm,,,,"PGD-10, L∞ ε=0\.2",0\.5,256,512,,$/);
  assert.match(watched[1] ?? "", /,alarm,,,,FGSM,0\.75,384,512,,$/);
  assert.ok(header.startsWith("suite,label"));
});
