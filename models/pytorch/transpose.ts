/** Values in another order of their axes. @module */

import { elementCount } from "../layers.ts";

/** A tensor's shape and values, row-major. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The tensor with its axes in another order: axis i of the result is axis `order[i]` of the argument. */
export function transpose({ shape, values }: Values, order: readonly number[]): Values {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const newShape = order.map((axis) => shape[axis]!);
  const newStrides = order.map((axis) => strides[axis]!);
  const result = new Float32Array(values.length);
  const index = newShape.map(() => 0);
  for (let i = 0, from = 0; i < result.length; i++) {
    result[i] = values[from]!;
    for (let k = index.length - 1; k >= 0; k--) {
      from += newStrides[k]!;
      if (++index[k]! < newShape[k]!) break;
      from -= newStrides[k]! * newShape[k]!;
      index[k] = 0;
    }
  }
  return { shape: newShape, values: result };
}
