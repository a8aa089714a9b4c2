/** Floating point operations of one optimizer step: two for each multiply-add of convolutions and dense layers, nothing
 *  for the rest, as PyTorch's flop counter counts them. An engine that gets by with fewer multiplications (Winograd) is
 *  credited with those of the plain product.
 *
 *  With F the forward flops of the network and F0 those of f0: an attack's pass is F forward and F for input gradients; a
 *  pass for the weights' gradients is F forward, F − F0 for input gradients (nobody asks for the images') and F for the
 *  weights'. So natural takes 3F − F0, pgd-K 2·K·F + 3F − F0, and a replay of free-M, whose pass gives the images' gradient
 *  too, 3F. A round of yopo-M-N is F forward, 2(F − F0) backward, which gives p too, 2·F0 for θ0's gradient and 2·N·F0 for
 *  the inner loop; where f0 is linear in the image the loop needs one transposed convolution, F0, and that is what
 *  counts. @module */

import * as tf from "@tensorflow/tfjs";
import { atBeginning, wholeBatch } from "../training/outside_run.ts";
import { disposeResult } from "../training/running_statistics.ts";
import { dryEngine } from "./dry_kernels.ts";
import type { Trainer } from "./trainer.ts";

/** Flops of an optimizer step for each image of its batch; they do not depend on the images. */
export function flopsPerImage(
  { engine, model, method, parameters }: Pick<Trainer, "engine" | "model" | "method" | "parameters">,
): number {
  let flops = 0;
  const dry = dryEngine(engine, { onFlops: (more) => flops += more });
  const context = atBeginning({ engine: dry, model, parameters });
  const x: tf.Tensor4D = tf.zeros([1, ...model.input]), y: tf.Tensor1D = tf.zeros([1], "int32");
  for (const result of method.step(context, wholeBatch({ x, y }))) {
    disposeResult(result);
  }
  tf.dispose([x, y, ...context.state.values()]);
  return flops / method.stepsPerBatch;
}
