/** smallcnn-weights.pytorch: the same weights under the state_dict names of the public SmallCNN. PyTorch keeps filters as
 *  out, in, height, width, dense kernels as out, in, and flattens images in c, h, w order, tfjs in h, w, c. @module */

import { elementCount } from "../models/layers.ts";
import type { Weights } from "../models/model.ts";
import type { CaseInput, ParityCase, Replayed } from "./case.ts";
import { fixtureWeights, smallCnn } from "./fixture_weights.ts";
import { EXACT } from "./tolerances.ts";

interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Values with their axes in another order: axis i of the result is axis `order[i]` of the argument. */
function transpose({ shape, values }: Values, order: readonly number[]): Values {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const newShape = order.map((axis) => shape[axis]!);
  const result = new Float32Array(values.length);
  const index = newShape.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    result[i] = values[order.reduce((offset, axis, k) => offset + index[k]! * strides[axis]!, 0)]!;
    for (let k = index.length - 1; k >= 0 && ++index[k]! === newShape[k]!; k--) index[k] = 0;
  }
  return { shape: newShape, values: result };
}

/** The first dense layer's kernel `[side·side·channels, out]`, rows from h, w, c to c, h, w order, then transposed. */
function flattenedKernel({ shape, values }: Values, channels: number): Values {
  const [rows, out] = shape as [number, number];
  const side = Math.sqrt(rows / channels);
  const spatial = transpose({ shape: [side, side, channels, out], values }, [3, 2, 0, 1]);
  return { shape: [out, rows], values: spatial.values };
}

/** Weights under PyTorch's names, in PyTorch's layout. */
function stateDict(weights: Weights): Map<string, Values> {
  return new Map([...weights].map(([name, tensor]) => {
    const [layer, kind] = name.split(".") as [string, string];
    const prefix = layer === "first"
      ? "conv1"
      : `${layer.startsWith("fc") ? "classifier" : "feature_extractor"}.${layer}`;
    const renamed = `${prefix}.${kind === "kernel" ? "weight" : kind}`;
    if (kind !== "kernel") return [renamed, tensor];
    if (layer === "fc1") return [renamed, flattenedKernel(tensor, weights.get("conv4.bias")!.values.length)];
    return [renamed, transpose(tensor, layer.startsWith("fc") ? [1, 0] : [3, 2, 0, 1])];
  }));
}

/** Untrained weights in PyTorch's layout. */
export const smallcnnWeightsPytorch: ParityCase = {
  kind: "smallcnn-weights.pytorch",
  async *replay({ sibling }: CaseInput): AsyncGenerator<Replayed, void, void> {
    const tensors = await sibling("smallcnn-weights");
    if (tensors === undefined) {
      const reason = "no manifest of case smallcnn-weights beside it to compare with";
      yield { variant: "-", tensors: () => true, reason };
      return;
    }
    for (const [tensor, { shape, values }] of stateDict(fixtureWeights(smallCnn(), tensors))) {
      yield { variant: "-", tensor, shape, values, tolerance: EXACT };
    }
  },
};
