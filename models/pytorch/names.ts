/** How a public PyTorch class names what one of our models holds. @module */

import type { Model } from "../model.ts";
import type { OptionValues } from "../options.ts";
import type { Layout } from "./layout.ts";

/** One parameter or buffer under both names. */
export interface NamedTensor {
  /** "stage1.block0.bn1.variance". */
  readonly ours: string;
  /** "layer1.0.bn1.running_var". */
  readonly theirs: string;
  /** Our shape. */
  readonly shape: readonly number[];
  readonly layout: Layout;
}

/** What is known of a file's tensors before their model is made. */
export type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** The names of one model's public classes. */
export interface PublicNames {
  /** Registry name of our model. */
  readonly model: string;
  /** For messages: "PreActResNet18". */
  readonly className: string;
  /** A tensor, by its first name, that only this class has. */
  readonly signature: string;
  /** The class that writes exactly these names: "SmallCNN of the YOPO repository". */
  source(model: Model): string;
  /** All parameters and buffers in our order. */
  tensors(model: Model): NamedTensor[];
  /** The first of the names under which public classes keep the same tensor; null where no pass uses the tensor. */
  canonical(name: string): string | null;
  /** Options that the shapes tell, by first names; what they do not tell is left out. */
  options(shapes: Shapes): OptionValues;
}

const PARTS: Readonly<Record<string, string>> = {
  kernel: "weight",
  bias: "bias",
  scale: "weight",
  offset: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/** Parameters and buffers by their layers' names in PyTorch; dense layers in `flattened` follow flattened features. */
export function namedTensors(
  { parameters, buffers }: Model,
  layerName: (ours: string) => string,
  flattened: Readonly<Record<string, Layout>> = {},
): NamedTensor[] {
  return [...parameters, ...buffers].map(({ name, shape }) => {
    const dot = name.lastIndexOf(".");
    const layer = name.slice(0, dot), part = name.slice(dot + 1);
    const plain = part !== "kernel" ? "same" : shape.length === 4 ? "filter" : "dense";
    const layout = part === "kernel" ? flattened[layer] ?? plain : plain;
    return { ours: name, theirs: `${layerName(layer)}.${PARTS[part]}`, shape, layout };
  });
}

/** Options from sizes; a size that is absent, or no whole number, is left to the model's default. */
export function knownSizes(sizes: Readonly<Record<string, number | undefined>>): OptionValues {
  return Object.fromEntries(
    Object.entries(sizes).filter((entry): entry is [string, number] => Number.isInteger(entry[1])),
  );
}
