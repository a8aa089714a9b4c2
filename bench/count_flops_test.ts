import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { engines } from "../backends/registry.ts";
import { flopsPerImage } from "./count_flops.ts";
import { costConfig } from "./cost_config.ts";
import { createTrainer, disposeTrainer } from "./trainer.ts";

/** SmallCNN on 28x28x1: f0, all layers. */
const F0 = 2 * 26 * 26 * 9 * 32;
const F = F0 + 2 * (24 * 24 * 9 * 32 * 32 + 10 * 10 * 9 * 32 * 64 + 8 * 8 * 9 * 64 * 64) +
  2 * (1024 * 200 + 200 * 200 + 200 * 10);

const expected = {
  "natural": 3 * F - F0,
  "fgsm": 2 * F + 3 * F - F0,
  "free-4": 3 * F,
  "pgd-3": 3 * 2 * F + 3 * F - F0,
  "yopo-2-5": 2 * (F + 2 * (F - F0) + 2 * F0 + 2 * 5 * F0),
};

for (const definition of engines) {
  const { available } = await definition.available();
  Deno.test({
    name: `flopsPerImage() counts what each method asks of small-cnn on ${definition.name}, and leaves no tensor`,
    ignore: !available,
    async fn() {
      const engine = await definition.open();
      for (const [method, flops] of Object.entries(expected)) {
        const trainer = createTrainer(
          engine,
          costConfig({
            model: { name: "small-cnn", options: {} },
            method: { name: method, options: {} },
            threat: { norm: "linf", epsilon: 0.3 },
            batch: 8,
            steps: 1,
          }),
        );
        const before = tf.memory().numTensors;
        assert.equal(flopsPerImage(trainer), flops, method);
        assert.equal(tf.memory().numTensors, before);
        disposeTrainer(trainer);
      }
    },
  });
}
