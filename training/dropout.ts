/** Dropout masks (Srivastava et al. 2014), inverted: kept units are scaled by 1/(1-rate). Every example draws from a
 *  stream of its own, so a mask does not depend on the batch around it. @module */

import * as tf from "@tensorflow/tfjs";
import { elementCount } from "../models/layers.ts";
import type { ForwardContext } from "../models/model.ts";
import { random } from "../random/random.ts";
import type { Shard, StepContext } from "./method.ts";

/** What a mask depends on besides the layer. */
type MaskSource = Pick<StepContext, "seed" | "position"> & Pick<Shard, "ids">;

/** How masks are drawn in the pass number `pass` of a batch, counted from 0. */
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
