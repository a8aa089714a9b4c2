/** Cross-entropy of a few logits per example and its gradient, in float64 inside, and its sum over a batch. @module */

import * as tf from "@tensorflow/tfjs";
import { defineKernel } from "./define_kernel.ts";
import { pointerOf } from "./heap.ts";
import { assembly } from "./module.ts";
import { sumShards } from "./shard_tree.ts";
import { teamInUse } from "./team_in_use.ts";

const CROSS_ENTROPY = "YopoCrossEntropy";
const CROSS_ENTROPY_GRADIENT = "YopoCrossEntropyGradient";
const BATCH_SUM = "YopoBatchSum";

/** Cross-entropy of each example in nats, `[batch]`, differentiable (once) in the logits `[batch, classes]`. */
export function fusedCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  return tf.engine().runKernel(CROSS_ENTROPY, { logits, labels });
}

/** Σ of values `[count]` in shard order. */
export function batchSum(values: tf.Tensor1D): tf.Scalar {
  return tf.engine().runKernel(BATCH_SUM, { values });
}

/** Registers the kernels and their gradients. */
export function registerCrossEntropy(): void {
  defineKernel(CROSS_ENTROPY, ({ logits, labels }, _, backend) => {
    const [count, classes] = logits!.shape as [number, number];
    const losses = backend.makeOutput([count], "float32");
    const [from, chosen, to] = [logits!, labels!, losses].map((tensor) => pointerOf(backend, tensor));
    assembly().crossEntropy(from!, chosen!, to!, count, classes);
    return losses;
  });
  defineKernel(CROSS_ENTROPY_GRADIENT, ({ dy, logits, labels }, _, backend) => {
    const [count, classes] = logits!.shape as [number, number];
    const gradient = backend.makeOutput([count, classes], "float32");
    const [upstream, from, chosen, to] = [dy!, logits!, labels!, gradient].map((t) => pointerOf(backend, t));
    assembly().crossEntropyGradient(upstream!, from!, chosen!, to!, count, classes);
    return gradient;
  });
  tf.registerGradient({
    kernelName: CROSS_ENTROPY,
    inputsToSave: ["logits", "labels"],
    gradFunc(dy, saved) {
      const [logits, labels] = saved as [tf.Tensor, tf.Tensor];
      return {
        logits: () => tf.engine().runKernel<tf.Tensor>(CROSS_ENTROPY_GRADIENT, { dy: dy as tf.Tensor, logits, labels }),
      };
    },
  });
  registerBatchSum();
}

function registerBatchSum(): void {
  defineKernel(BATCH_SUM, ({ values }, _, backend) => {
    const from = pointerOf(backend, values!);
    const bounds = teamInUse().shardBounds(values!.shape[0]!);
    return sumShards(bounds, [], backend, (first, end, to) => assembly().sum(from + 4 * first, to, end - first));
  });
  tf.registerGradient({
    kernelName: BATCH_SUM,
    inputsToSave: ["values"],
    gradFunc: (dy, [values]) => ({ values: () => tf.broadcastTo(dy as tf.Tensor, values!.shape) }),
  });
}
