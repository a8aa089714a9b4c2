import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { dropoutMasks } from "./dropout.ts";

await cpuEngine.open();

function mask(ids: number[], { pass = 0, seed = 1, step = 0, layer = "fc1", rate = 0.25 } = {}): Float32Array {
  const source = { seed, position: { epoch: 0, step }, ids: Uint32Array.from(ids) };
  const tensor = dropoutMasks(source, pass)(layer, [500], rate);
  assert.deepEqual(tensor.shape, [ids.length, 500]);
  const values = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return values;
}

Deno.test("dropoutMasks() drops the asked share and scales the rest by 1/(1-rate)", () => {
  const values = mask(Array.from({ length: 40 }, (_, i) => i));
  const scale = Math.fround(1 / 0.75);
  assert.ok(values.every((value) => value === 0 || value === scale));
  const dropped = values.filter((value) => value === 0).length / values.length;
  assert.ok(Math.abs(dropped - 0.25) < 0.02, String(dropped)); // 20,000 draws: 6.5 standard deviations
});

Deno.test("dropoutMasks() gives an example the same mask in every batch", () => {
  assert.deepEqual(mask([7, 9, 11]).slice(500, 1000), mask([9]));
});

Deno.test("dropoutMasks() differs between passes, steps, seeds, layers and examples", () => {
  const masks = [mask([9]), mask([9], { pass: 1 }), mask([9], { step: 1 }), mask([9], { seed: 2 })];
  masks.push(mask([9], { layer: "fc2" }), mask([10]));
  assert.equal(new Set(masks.map((values) => values.join())).size, masks.length);
});
