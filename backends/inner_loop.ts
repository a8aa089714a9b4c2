/** YOPO's inner loop around any way to differentiate the first layer: Zhang et al. 2019, arXiv:1905.00877, algorithm 1.
 *  Symbols: s = x + η, z = clip(s, 0, 1), g = ∂(Σ p·f0(z))/∂s, α = stepSize, ε = epsilon, n = steps.
 *  Differs from the paper: "sign" moves along sign(g), as the authors' code does. @module */

import * as tf from "@tensorflow/tfjs";
import { hasClosedForm, type InnerLoop } from "./engine.ts";

/** ∂(Σ p·f0(z))/∂z at z, same shape; the caller disposes it. */
export type FirstLayerGradient = (z: tf.Tensor4D) => tf.Tensor4D;

/** η after `loop.steps` steps. Where f0 is linear in z its gradient does not depend on z and is computed once. */
export function innerLoop(loop: InnerLoop, gradientAt: FirstLayerGradient): tf.Tensor4D {
  if (loop.steps === 0) return tf.clone(loop.eta);
  return tf.tidy(() => {
    if (hasClosedForm(loop)) return closedForm(loop, gradientAt(loop.x));
    const constant = loop.firstLayer.activation === "none" ? gradientAt(loop.x) : null;
    let eta = tf.clone(loop.eta);
    for (let step = 0; step < loop.steps; step++) {
      const next = tf.tidy(() => advance(loop, eta, constant === null ? gradientAt : () => constant));
      eta.dispose();
      eta = next;
    }
    return eta;
  });
}

/**
 * n sign steps along one gradient: one real step, since x + η may start outside the box, where the clip's gradient is 0;
 * then x + η is inside, no sign changes any more, and n − 1 steps, each clipped to an interval that contains the last
 * point, end where one of (n − 1)·α does.
 */
function closedForm(loop: InnerLoop, gradient: tf.Tensor4D): tf.Tensor4D {
  const eta = advance(loop, loop.eta, () => gradient);
  return move(loop, eta, tf.mul(tf.sign(gradient), (loop.steps - 1) * loop.stepSize));
}

function advance(loop: InnerLoop, eta: tf.Tensor4D, gradientAt: FirstLayerGradient): tf.Tensor4D {
  const s = tf.add<tf.Tensor4D>(loop.x, eta);
  const z = tf.clipByValue(s, 0, 1);
  // The clip passes the gradient where it changes nothing, so AT the bounds too.
  const g = tf.mul<tf.Tensor4D>(gradientAt(z), tf.cast(tf.equal(s, z), "float32"));
  const direction = loop.update === "sign" ? tf.sign(g) : g;
  return move(loop, eta, tf.mul(direction, loop.stepSize));
}

/** η + step, projected onto the ball and then onto the box. */
function move({ x, epsilon }: InnerLoop, eta: tf.Tensor4D, step: tf.Tensor4D): tf.Tensor4D {
  const moved = tf.clipByValue(tf.add(eta, step), -epsilon, epsilon);
  return tf.sub<tf.Tensor4D>(tf.clipByValue(tf.add(x, moved), 0, 1), x);
}
