/** How fast this machine multiplies matrices on an engine: a yardstick beside training times. @module */

import * as tf from "@tensorflow/tfjs";
import type { Engine } from "./engine.ts";

/** A machine's speed on one engine. */
export interface Calibration {
  /** 10⁹ floating point operations a second in float32 products of 512x512 matrices, the median of the repetitions. */
  readonly gemmGflops: number;
  /** Products that were timed. */
  readonly repetitions: number;
}

const SIZE = 512;
const WARM_UP = 2;
const TIMED_SECONDS = 1;
const LEAST_REPETITIONS = 3;

/** Measures for about a second, on all workers at once, and adds up their speeds; longer where three products take longer. */
export async function calibrate(engine: Engine): Promise<Calibration> {
  const a = tf.randomUniform<tf.Rank.R2>([SIZE, SIZE], -1, 1, "float32", 1);
  const b = tf.randomUniform<tf.Rank.R2>([SIZE, SIZE], -1, 1, "float32", 2);
  try {
    for (let i = 0; i < WARM_UP; i++) await multiplyOnce(engine, a, b);
    engine.team.allGather([]); // all begin together
    const milliseconds: number[] = [];
    const end = performance.now() + 1000 * TIMED_SECONDS;
    while (milliseconds.length < LEAST_REPETITIONS || performance.now() < end) {
      const start = performance.now();
      await multiplyOnce(engine, a, b);
      milliseconds.push(performance.now() - start);
    }
    const median = milliseconds.sort((x, y) => x - y)[milliseconds.length >> 1]!;
    const speeds = engine.team.allGather([2 * SIZE ** 3 / (median * 1e6)]).flat();
    return { gemmGflops: speeds.reduce((sum, speed) => sum + speed, 0), repetitions: milliseconds.length };
  } finally {
    tf.dispose([a, b]);
  }
}

async function multiplyOnce(engine: Engine, a: tf.Tensor2D, b: tf.Tensor2D): Promise<void> {
  const product = tf.matMul(a, b);
  await engine.synchronize();
  product.dispose();
}
