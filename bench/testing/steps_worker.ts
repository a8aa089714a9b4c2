/** A Worker of a team for tests: takes training steps and posts the hashes of the weights that it ends with. @module */

import { joinTeam, type TeamSeat } from "../../backends/shared_team.ts";
import type { Engine } from "../../backends/engine.ts";
import { wasmEngine } from "../../backends/wasm.ts";
import type { OptionValues } from "../../models/options.ts";
import { findModel } from "../../models/registry.ts";
import { fromTensors, toTensors, weightsSha256 } from "../../models/weights.ts";
import { random } from "../../random/random.ts";
import { createTrainer, disposeTrainer } from "../trainer.ts";
import { madeUpBatch, trainBatch } from "../train_step.ts";
import type { RunConfig } from "../suite.ts";

/** Images small enough for quick steps; tiny-bn has batch normalisation and running statistics. */
const NETS: Readonly<Record<StepsOrder["net"], OptionValues>> = {
  "small-cnn": { height: 16, width: 16 },
  "tiny-bn": { height: 10, width: 10, channels: 1, classes: 4 },
};

/** Which net, with which configurations in turn, each from the same start; their model is replaced. */
export interface StepsOrder {
  readonly seat: TeamSeat;
  readonly net: "small-cnn" | "tiny-bn";
  readonly configs: readonly RunConfig[];
  /** Images of each batch in turn. */
  readonly batches: readonly number[];
  /** Rank that throws before its last step, as a fault would. */
  readonly faulty?: number;
}

self.onmessage = async ({ data }: MessageEvent<StepsOrder>) => {
  const engine = await wasmEngine.open({ team: joinTeam(data.seat) });
  try {
    const hashes: string[] = [];
    for (const config of data.configs) hashes.push(await train(engine, config, data));
    self.postMessage(hashes.join(" "));
  } catch (error) {
    self.postMessage(`${(error as Error).name}: ${(error as Error).message}`);
  }
};

async function train(engine: Engine, config: RunConfig, { seat, net, batches, faulty }: StepsOrder): Promise<string> {
  const model = findModel(net).create(NETS[net]);
  const parameters = toTensors(model.initialize((name) => random(1, name)));
  const trainer = { ...createTrainer(engine, config), model, parameters };
  for (const [step, count] of batches.entries()) {
    if (seat.rank === faulty && step === batches.length - 1) throw new Error(`rank ${faulty} is out of tea`);
    const batch = madeUpBatch({ ...trainer, config: { ...config, batch: count } }, step);
    await trainBatch(trainer, batch, { epoch: 0, step, stepsPerEpoch: batches.length, totalSteps: batches.length });
  }
  const hash = weightsSha256(await fromTensors(parameters));
  disposeTrainer(trainer);
  return hash;
}
