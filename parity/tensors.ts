/** Between stored tensors, tensors of the engine and computed quantities. @module */

import * as tf from "@tensorflow/tfjs";
import type { StoredTensor } from "../models/safetensors.ts";
import type { Computed } from "./case.ts";

/** A stored tensor as float32 of the active engine. */
export function floats({ shape, values }: StoredTensor): tf.Tensor {
  return tf.tensor(Float32Array.from(values, Number), [...shape], "float32");
}

/** Stored images `[batch, height, width, channels]`. @throws {TypeError} When they have another rank. */
export function images(stored: StoredTensor): tf.Tensor4D {
  if (stored.shape.length !== 4) throw new TypeError(`Cannot use a tensor of shape [${stored.shape}] as images`);
  return floats(stored) as tf.Tensor4D;
}

/** Stored labels `[batch]`. @throws {TypeError} When they have another rank. */
export function labels({ shape, values }: StoredTensor): tf.Tensor1D {
  if (shape.length !== 1) throw new TypeError(`Cannot use a tensor of shape [${shape}] as labels`);
  return tf.tensor1d(Int32Array.from(values, Number), "int32");
}

/** A quantity from a tensor, which is released. */
export async function computed(
  value: tf.Tensor,
  about: Pick<Computed, "variant" | "tensor" | "tolerance">,
): Promise<Computed> {
  const values = Float32Array.from(await value.data());
  const shape = value.shape.length === 0 ? [1] : [...value.shape]; // the fixtures keep scalars as [1]
  value.dispose();
  return { ...about, shape, values };
}
