import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { cpuEngine } from "../backends/cpu.ts";
import { attended, EvaluationProgress } from "./attended.ts";

const { kernels } = await cpuEngine.open();

Deno.test("a network at work tells its watcher now and then what it told last", () => {
  const told: unknown[] = [];
  let now = 0;
  const progress = new EvaluationProgress((...what) => told.push(what));
  const model = { classes: 2, kernels, logits: () => tf.zeros([1, 2]) as tf.Tensor2D };
  const watched = attended(model, progress.again, () => now);
  const ask = () => watched.logits(tf.zeros([1, 1, 1, 1])).dispose();
  now = 40_000;
  ask();
  assert.deepEqual(told, [], "there was nothing to tell yet");
  progress.tell("APGD-T", 0, 100);
  for (now of [50_000, 69_000, 71_000, 80_000, 102_000]) ask();
  assert.deepEqual(told, [["APGD-T", 0, 100], ["APGD-T", 0, 100], ["APGD-T", 0, 100]]);
});
