/** Layouts of parameters here and in PyTorch: filters height, width, in, out against out, in, height, width; dense kernels
 *  in, out against out, in; a dense layer behind flattened features has its inputs in h, w, c order against c, h, w.
 *  @module */

import { transpose, type Values } from "./transpose.ts";

/** How one parameter lies. */
export type Layout = "same" | "filter" | "dense" | {
  /** Height, width and channels of the features that the dense layer flattens. */
  readonly flattened: readonly [number, number, number];
};

/** A parameter in PyTorch's layout. */
export function toPyTorch(tensor: Values, layout: Layout): Values {
  if (layout === "same") return tensor;
  if (layout === "filter") return transpose(tensor, [3, 2, 0, 1]);
  if (layout === "dense") return transpose(tensor, [1, 0]);
  const out = tensor.shape[1]!;
  const spatial = transpose({ shape: [...layout.flattened, out], values: tensor.values }, [3, 2, 0, 1]);
  return { shape: [out, tensor.shape[0]!], values: spatial.values };
}

/** A parameter from PyTorch's layout: the inverse of toPyTorch. */
export function fromPyTorch(tensor: Values, layout: Layout): Values {
  if (layout === "same") return tensor;
  if (layout === "filter") return transpose(tensor, [2, 3, 1, 0]);
  if (layout === "dense") return transpose(tensor, [1, 0]);
  const [out, rows] = tensor.shape as [number, number];
  const [height, width, channels] = layout.flattened;
  const spatial = transpose({ shape: [out, channels, height, width], values: tensor.values }, [2, 3, 1, 0]);
  return { shape: [rows, out], values: spatial.values };
}

/** The shape in PyTorch's layout. */
export function pyTorchShape(shape: readonly number[], layout: Layout): readonly number[] {
  if (layout === "same") return shape;
  return layout === "filter" ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : [shape[1]!, shape[0]!];
}
