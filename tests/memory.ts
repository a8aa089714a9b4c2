/** `deno task memory`: 2,000 batches of each method on each engine that runs here, with the same tensors, bytes and heap
 *  after batch 10, 200 and 2,000. Prints a line each; ends with 1 where something grew. @module */

import type { EngineDefinition } from "../backends/engine.ts";
import { engines } from "../backends/registry.ts";
import { costConfig } from "../bench/cost_config.ts";
import { sampleMemory, unsteady } from "../bench/steady_memory.ts";
import type { Named } from "../bench/suite.ts";
import { processOutput } from "../cli/io.ts";
import { methods } from "../training/registry.ts";

const STEPS = [10, 200, 2000];
/** Every method, each number in its name a 2. */
const ALL = methods.map(({ pattern }) => pattern.replaceAll(/[A-Z]/g, "2"));
/** On small-cnn, and not on the cpu engine, where a step of it takes seconds. */
const SOME = ["natural", "pgd-2", "yopo-2-2"];

async function watch(definition: EngineDefinition, model: Named, method: string): Promise<boolean> {
  const config = costConfig({
    model,
    method: { name: method, options: {} },
    threat: { norm: "linf", epsilon: 0.1 },
    batch: 8,
    steps: STEPS.at(-1)!,
  });
  const samples = await sampleMemory(await definition.open(), config, STEPS);
  const grown = unsteady(samples), { tensors, bytes, heapBytes } = samples.at(-1)!;
  const resident = samples.map(({ residentBytes }) => Math.round(residentBytes / 2 ** 20)).join(", ");
  const heap = heapBytes === null ? "" : `, heap ${heapBytes} bytes`;
  const held = `${tensors} tensors, ${bytes} bytes${heap}; resident MiB after batches ${STEPS.join(", ")}: ${resident}`;
  const words = [grown.length === 0 ? "pass" : "FAIL", definition.name, model.name, method, held, ...grown];
  processOutput(Deno.stdout).write(`${words.join("\t")}\n`);
  return grown.length === 0;
}

let steady = true;
for (const definition of engines) {
  if (!(await definition.available()).available) continue;
  const watched = [
    ...ALL.map((method) => ({ method, model: { name: "tiny-cnn", options: {} } })),
    ...ALL.map((method) => ({ method, model: { name: "tiny-bn", options: { height: 8, width: 8 } } })),
    ...(definition.name === "cpu" ? [] : SOME.map((method) => ({ method, model: { name: "small-cnn", options: {} } }))),
  ];
  for (const { model, method } of watched) steady = await watch(definition, model, method) && steady;
}
if (!steady) Deno.exit(1);
