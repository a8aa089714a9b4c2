/** Dropout masks (Srivastava et al. 2014), inverted: kept units are scaled by 1/(1-rate). Every example draws from a
 *  stream of its own, so a mask does not depend on the batch around it. @module */

import * as tf from "@tensorflow/tfjs";
import { elementCount } from "../models/layers.ts";
import type { ForwardContext } from "../models/model.ts";
import { random } from "../random/random.ts";
import type { Shard, StepContext } from "./method.ts";
import type { StepTally } from "./single_step.ts";

/** What a mask depends on besides the layer. */
type MaskSource = Pick<StepContext, "seed" | "position"> & Pick<Shard, "ids">;

/** How masks are drawn in the full pass number `pass` of a step, counted from 0. */
export function dropoutMasks(source: MaskSource, pass: number): NonNullable<ForwardContext["dropout"]> {
  const { seed, position: { epoch, step }, ids } = source;
  return (layer, shape, rate) => {
    const units = elementCount(shape);
    const scale = 1 / (1 - rate);
    const values = new Float32Array(ids.length * units);
    ids.forEach((id, i) => {
      const stream = random(seed, `dropout/${layer}/${pass}`, epoch, step, id);
      for (let unit = i * units; unit < (i + 1) * units; unit++) values[unit] = stream.uniform() < rate ? 0 : scale;
    });
    return tf.tensor(values, [ids.length, ...shape]);
  };
}

/** Training mode: the masks are those of the next full pass, and what batch normalisation sees is tallied. */
export function trainingMode(context: StepContext, shard: Shard, tally: StepTally): ForwardContext {
  const source = { seed: context.seed, position: context.position, ids: shard.ids };
  return {
    kernels: context.engine.kernels,
    training: true,
    dropout: dropoutMasks(source, tally.passes.full),
    statistics: (seen) => tally.statistics.push(seen),
  };
}
