/** Steps of optimizers and attacks, the loss, and YOPO's inner loop from our own operations. @module */

import * as tf from "@tensorflow/tfjs";
import type { AdamStep, InnerLoop, LinfStep, SgdStep } from "../engine.ts";
import { convolutionAttributes } from "./own_layers.ts";
import type { Operations } from "./operations.ts";

/** The steps, by their names in the kernel table. */
export function ownSteps(operations: Operations) {
  /** Runs an operation whose last input is a few numbers. */
  const withNumbers = (name: string, inputs: tf.Tensor[], values: number[], outputs: number): tf.Tensor[] => {
    const numbers = tf.tensor1d(values);
    const results = operations.several(name, [], [...inputs, numbers], outputs);
    numbers.dispose();
    return results;
  };
  return {
    lossesAndResiduals(logits: tf.Tensor2D, labels: tf.Tensor1D): [tf.Tensor, tf.Tensor] {
      return operations.several("YopoCrossEntropy", [], [logits, labels], 2) as [tf.Tensor, tf.Tensor];
    },
    linfStep({ x, eta, gradient, epsilon, stepSize }: LinfStep): tf.Tensor4D {
      return withNumbers("YopoLinfStep", [x, eta, gradient], [epsilon, stepSize], 1)[0] as tf.Tensor4D;
    },
    sgdStep({ weight, gradient, velocity, learningRate, momentum, weightDecay }: SgdStep) {
      const numbers = [learningRate, momentum, weightDecay];
      const inputs = [weight, gradient, velocity ?? operations.nothing];
      const [next, moved] = withNumbers("YopoSgdStep", inputs, numbers, 2) as [tf.Tensor, tf.Tensor];
      if (momentum !== 0) return { weight: next, velocity: moved };
      moved.dispose();
      return { weight: next, velocity: null };
    },
    adamStep({ weight, gradient, mean, square, stepSize, rootCorrection, weightDecay }: AdamStep) {
      const inputs = [weight, gradient, mean ?? operations.nothing, square ?? operations.nothing];
      const numbers = [stepSize, rootCorrection, weightDecay];
      const [next, m, v] = withNumbers("YopoAdamStep", inputs, numbers, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { weight: next, mean: m, square: v };
    },
    innerLoop({ firstLayer, x, eta, p, epsilon, stepSize, steps, update }: InnerLoop): tf.Tensor4D {
      const { filter, bias } = firstLayer;
      const attributes = [
        ...convolutionAttributes(operations, firstLayer),
        operations.integer("steps", steps),
        operations.boolean("sign", update === "sign"),
      ];
      const numbers = tf.tensor1d([epsilon, stepSize]);
      const inputs = [x, eta, p, filter, bias ?? operations.nothing, numbers];
      const moved = operations.one<tf.Tensor4D>("YopoInnerLoop", attributes, inputs);
      numbers.dispose();
      return moved;
    },
  };
}

/** Whether YopoInnerLoop has code for a first layer: convolution and ReLU on images of one channel. */
export function suitsInnerLoop({ firstLayer: { filter, stride, activation } }: InnerLoop): boolean {
  const [height, width, channels] = filter.shape;
  return activation === "relu" && stride === 1 && channels === 1 && height === width && (height === 3 || height === 5);
}
