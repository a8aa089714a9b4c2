/** What an evaluation must not depend on: batches, workers, and whether it was killed in between. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { findModel } from "../models/registry.ts";
import { encodeWeights } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { type EngineRequest, planEngine } from "./engine_request.ts";
import type { EvaluateOptions } from "./evaluate_weights.ts";
import { evaluateWeights, evaluateWithPlan } from "./on_team.ts";
import { decodeChunk } from "./outcome_store.ts";

const model = findModel("tiny-cnn").create({ height: 8, width: 8, channels: 1, classes: 5 });

/** A single attack, two ensembles, and curves of both kinds, at a radius that float32 rounds up. */
const options: EvaluateOptions = {
  weights: encodeWeights(model, model.initialize((name) => random(3, name))),
  source: "tiny.safetensors",
  data: { name: "synthetic", options: { shape: [8, 8, 1], classes: 5, train: 1, validation: 10, final: 25 } },
  split: "final",
  threat: { norm: "linf", epsilon: 8 / 255 },
  attacks: [
    { name: "pgd-3", options: { restarts: 2 } },
    { name: "fab", options: {} },
    { name: "autoattack-custom", options: { attacks: "apgd-ce+apgd-dlr" } },
  ],
  curve: [0, 2 / 255, 8 / 255],
  batch: 7,
  seed: 0,
  cache: "unused",
};

/** A record without its seconds. */
const untimed = (value: unknown) =>
  JSON.stringify(value, (key, part) => key === "seconds" || key === "created" ? undefined : part);

/** What was found, whatever found it. */
async function findings(request: EngineRequest, change: Partial<EvaluateOptions>): Promise<string> {
  const { clean, robust, curve, warnings } = await evaluateWeights(request, { ...options, ...change }, () => {});
  return untimed({ clean, robust, curve, warnings });
}

Deno.test("an evaluation has the same bits for batches of 1, 7 and 64 images", async () => {
  const seven = await findings({ engine: "cpu" }, {});
  assert.equal(await findings({ engine: "cpu" }, { batch: 1 }), seven);
  assert.equal(await findings({ engine: "cpu" }, { batch: 64 }), seven);
});

Deno.test("an evaluation has the same bits for one wasm worker and two", async () => {
  const one = await findings({ engine: "wasm", workers: 1, shards: 8 }, {});
  assert.equal(await findings({ engine: "wasm", workers: 2, shards: 8 }, {}), one);
  assert.equal(await findings({ engine: "wasm", workers: 2, shards: 8 }, { batch: 3 }), one);
});

Deno.test("an evaluation that goes on after any number of batches comes to the same record", async () => {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" }), plan = await planEngine({ engine: "cpu" });
  const attempt = async (known: readonly string[]) => {
    const chunks: Uint8Array[] = [];
    const keep = (bytes: Uint8Array) => void chunks.push(bytes);
    const record = await evaluateWithPlan(plan, { ...options, known, keeps: true }, () => {}, { keep });
    return { chunks, record: untimed(record) };
  };
  try {
    const whole = await attempt([]);
    const files = await Promise.all(whole.chunks.map(async (bytes, i) => {
      const file = join(folder, `${String(i).padStart(3, "0")}.safetensors`);
      await Deno.writeFile(file, bytes);
      return file;
    }));
    const sweeps = whole.chunks.map((bytes) => decodeChunk(bytes, "chunk").sweep);
    const inSecondStage = sweeps.findIndex((sweep) => sweep.endsWith("/2-apgd-dlr")) + 1;
    const inCurve = sweeps.findIndex((sweep) => sweep.startsWith("curve/fab")) + 1;
    assert.ok(inSecondStage > 0 && inCurve > 0, sweeps.join());
    for (const kept of [1, 6, inSecondStage, inCurve, files.length]) {
      const rest = await attempt(files.slice(0, kept));
      assert.equal(rest.record, whole.record, `after ${kept} of ${files.length} batches`);
      const images = (chunks: readonly Uint8Array[]) =>
        chunks.reduce((sum, bytes) => sum + decodeChunk(bytes, "chunk").chunk.positions.length, 0);
      assert.equal(images(rest.chunks) + images(whole.chunks.slice(0, kept)), images(whole.chunks));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
