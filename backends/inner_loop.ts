/** YOPO's inner loop around any way to differentiate the first layer: Zhang et al. 2019, arXiv:1905.00877, algorithm 1.
 *  Symbols: s = x + η, z = clip(s, 0, 1), g = ∂(Σ p·f0(z))/∂s, α = stepSize, ε = epsilon.
 *  Differs from the paper: "sign" moves along sign(g), as the authors' code does. @module */

import * as tf from "@tensorflow/tfjs";
import type { InnerLoop } from "./engine.ts";

/** ∂(Σ p·f0(z))/∂z at z, same shape; the caller disposes it. */
export type FirstLayerGradient = (z: tf.Tensor4D) => tf.Tensor4D;

/** η after `loop.steps` steps. Where f0 is linear in z its gradient does not depend on z and is computed once. */
export function innerLoop(loop: InnerLoop, gradientAt: FirstLayerGradient): tf.Tensor4D {
  return tf.tidy(() => {
    const constant = loop.firstLayer.activation === "none" && loop.steps > 0 ? gradientAt(loop.x) : null;
    let eta = tf.clone(loop.eta);
    for (let step = 0; step < loop.steps; step++) {
      const next = tf.tidy(() => advance(loop, eta, constant === null ? gradientAt : () => constant));
      eta.dispose();
      eta = next;
    }
    return eta;
  });
}

function advance({ x, epsilon, stepSize, update }: InnerLoop, eta: tf.Tensor4D, gradientAt: FirstLayerGradient) {
  const s = tf.add<tf.Tensor4D>(x, eta);
  const z = tf.clipByValue(s, 0, 1);
  // The clip passes the gradient where it changes nothing, so AT the bounds too.
  const g = tf.mul<tf.Tensor4D>(gradientAt(z), tf.cast(tf.equal(s, z), "float32"));
  const direction = update === "sign" ? tf.sign(g) : g;
  const moved = tf.clipByValue(tf.add(eta, tf.mul(direction, stepSize)), -epsilon, epsilon);
  return tf.sub<tf.Tensor4D>(tf.clipByValue(tf.add(x, moved), 0, 1), x);
}
