import assert from "node:assert/strict";
import type { CostReport } from "../bench/on_team.ts";
import type { Output } from "./io.ts";
import { printCost } from "./print_cost.ts";

const report: CostReport = {
  loadAverage: 0.1,
  model: "preact-resnet18",
  method: "yopo-5-3",
  methodLabel: "YOPO-5-3, L∞ ε=8/255",
  batch: 64,
  steps: 3,
  engine: {
    ...{ name: "wasm", version: "v", kernels: "k", workers: 2, shards: 8, precision: "f32" },
    settings: { threads: 1 },
  },
  machine: {
    ...{ id: "m", cpu: null, cores: 2, memoryBytes: null, gpu: null, os: "linux", osRelease: null, arch: "x86_64" },
    ...{ deno: "2", v8: "1", tfjs: "4", calibration: null },
  },
  secondsPerStep: { median: 2, min: 1.5, max: 2.5 },
  phaseSeconds: { data: 0.001, attack: 0.5, weightGradients: 1.4, optimizer: 0.01, wait: 0 },
  passes: { full: 5, forward: 0, firstLayerAdversary: 15, firstLayerWeights: 5 },
  innerLoopInClosedForm: true,
  gflopPerStep: 100,
  gflopPerSecond: 50,
  calibration: { gemmGflops: 80, repetitions: 9 },
  fractionOfGemm: 0.625,
  firstStepSeconds: 3,
  startToFirstStepSeconds: 4,
  peakMemoryBytes: 3 * 2 ** 29,
  live: { tensors: 28, bytes: 5 * 2 ** 19 },
  profile: null,
};

function printed(change: Partial<Parameters<typeof printCost>[0]> = {}, columns = 120): string {
  let text = "";
  const out: Output = {
    write: (more) => void (text += more),
    isTerminal: false,
    colors: false,
    columns: () => columns,
  };
  printCost({ ...report, ...change }, out);
  return text;
}

Deno.test("printCost() says what was measured, in rows", () => {
  assert.equal(
    printed(),
    [
      "YOPO-5-3, L∞ ε=8/255 on preact-resnet18, batch 64",
      "  engine      wasm (v, k), f32, 2 workers, 8 shards, threads 1",
      "  step        2.00 s (1.50 s to 2.50 s in 3 steps)",
      "  phases      data 1.00 ms, attack 500 ms, weight gradients 1.40 s, optimizer 10.0 ms",
      "  passes      5 full, 20 first-layer a step (3 first-layer passes a round computed in closed form)",
      "  work        100 GFLOP a step, 50.0 GFLOP/s, 62.5 % of this engine's matrix products (80.0 GFLOP/s)",
      "  first step  3.00 s, done 4.00 s after the Worker's start",
      "  memory      at most 1.50 GiB resident; 28 tensors of 2.50 MiB between steps",
      "",
    ].join("\n"),
  );
});

Deno.test("printCost() shows other programs beside, and the largest kernels with the rest summed up", () => {
  const kernels = Array.from(
    { length: 22 },
    (_, i) => ({ name: `k${i}`, calls: 2, seconds: 0.05, flops: i ? 0 : 1e9 }),
  );
  const text = printed({
    vs: [{ framework: "torch 2", layout: "nchw", threads: 2, device: "cpu", secondsPerStep: 4, ratio: 0.5 }],
    profile: { secondsPerStep: 2, kernels },
  });
  for (
    const line of [
      /torch 2 +│ 4\.00 s +│ 2\.00 s +│ 0\.500× +│ nchw +│ 2 +│ cpu/,
      /k0 +│ 2\.5 % +│ 50\.0 ms +│ 20\.0 +│ 2 /,
      /k19 +│ 2\.5 % /,
      /2 smaller kernels +│ 5\.0 % +│ 100 ms /,
      /outside of kernels +│ 45\.0 % +│ 900 ms /,
    ]
  ) assert.match(text, line);
  assert.doesNotMatch(text, /k20/);
});
