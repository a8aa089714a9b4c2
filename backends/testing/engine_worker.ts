/** Sums the rows of a matrix on the wasm engine and posts them. @module */

import * as tf from "@tensorflow/tfjs";
import { findEngine } from "../registry.ts";

await findEngine("wasm").open();
const sums = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.ones([2, 1])).dataSync());
self.postMessage([...sums]);
