/** `deno task memory`: 2,000 steps of each method on each engine that runs here, with the same tensors, bytes and heap
 *  after step 10, 200 and 2,000. Prints a line each; ends with 1 where something grew. @module */

import type { EngineDefinition } from "../backends/engine.ts";
import { engines } from "../backends/registry.ts";
import { costConfig } from "../bench/cost_config.ts";
import { sampleMemory, unsteady } from "../bench/steady_memory.ts";
import { processOutput } from "../cli/io.ts";

const STEPS = [10, 200, 2000];
const TINY = ["fgsm", "fgsm-rs", "natural", "pgd-2", "yopo-2-2"];
/** Not on the cpu engine, where a step of it takes seconds. */
const SMALL = ["natural", "pgd-2", "yopo-2-2"];

async function watch(definition: EngineDefinition, model: string, method: string): Promise<boolean> {
  const config = costConfig({
    model: { name: model, options: {} },
    method: { name: method, options: {} },
    threat: { norm: "linf", epsilon: 0.1 },
    batch: 8,
    steps: STEPS.at(-1)!,
  });
  const samples = await sampleMemory(await definition.open(), config, STEPS);
  const grown = unsteady(samples), { tensors, bytes, heapBytes } = samples.at(-1)!;
  const resident = samples.map(({ residentBytes }) => Math.round(residentBytes / 2 ** 20)).join(", ");
  const heap = heapBytes === null ? "" : `, heap ${heapBytes} bytes`;
  const held = `${tensors} tensors, ${bytes} bytes${heap}; resident MiB after steps ${STEPS.join(", ")}: ${resident}`;
  const words = [grown.length === 0 ? "pass" : "FAIL", definition.name, model, method, held, ...grown];
  processOutput(Deno.stdout).write(`${words.join("\t")}\n`);
  return grown.length === 0;
}

let steady = true;
for (const definition of engines) {
  if (!(await definition.available()).available) continue;
  const small = definition.name === "cpu" ? [] : SMALL.map((method) => ["small-cnn", method] as const);
  for (const [model, method] of [...TINY.map((method) => ["tiny-cnn", method] as const), ...small]) {
    steady = await watch(definition, model, method) && steady;
  }
}
if (!steady) Deno.exit(1);
