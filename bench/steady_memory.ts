/** What an engine holds while it trains: the same after batch 10 as after batch 200 and 2,000, or
 *  something leaks. @module */

import type { Engine } from "../backends/engine.ts";
import { heapOfEngine } from "../backends/engine_memory.ts";
import type { RunConfig } from "./suite.ts";
import { madeUpBatch, trainBatch } from "./train_step.ts";
import { createTrainer, disposeTrainer } from "./trainer.ts";

/** What is held after some batch. */
export interface MemorySample {
  /** Batches so far: an optimizer step each, but in free-M. */
  readonly step: number;
  readonly tensors: number;
  readonly bytes: number;
  /** Size of the engine's own heap; null where it has none. */
  readonly heapBytes: number | null;
  /** Resident memory of the process. It comes and goes with garbage collection, so it is not expected to be equal. */
  readonly residentBytes: number;
}

/** Trains on made-up batches and samples after each of the steps, which rise. */
export async function sampleMemory(
  engine: Engine,
  config: RunConfig,
  steps: readonly number[],
): Promise<MemorySample[]> {
  const trainer = createTrainer(engine, config), batches = Math.max(...steps);
  const totalSteps = batches * trainer.method.stepsPerBatch;
  const samples: MemorySample[] = [];
  try {
    for (let step = 1; step <= batches; step++) {
      const batch = madeUpBatch(trainer, step);
      await trainBatch(trainer, batch, { epoch: 0, step: trainer.record.step, stepsPerEpoch: totalSteps, totalSteps });
      if (steps.includes(step)) samples.push({ step, ...sample(engine) });
    }
  } finally {
    disposeTrainer(trainer);
  }
  return samples;
}

function sample(engine: Engine): Omit<MemorySample, "step"> {
  const { tensors, bytes } = engine.memory();
  const heapBytes = heapOfEngine(engine)?.bytes ?? null;
  return { tensors, bytes, heapBytes, residentBytes: Deno.memoryUsage().rss };
}

/** What differs from the first sample, as sentences; none where memory is steady. */
export function unsteady([first, ...later]: readonly MemorySample[]): string[] {
  const differences: string[] = [];
  for (const sample of later) {
    for (const what of ["tensors", "bytes", "heapBytes"] as const) {
      if (sample[what] === first![what]) continue;
      differences.push(`${what}: ${first![what]} after step ${first!.step}, ${sample[what]} after step ${sample.step}`);
    }
  }
  return differences;
}
