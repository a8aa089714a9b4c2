/** The fixtures' networks and their names of parameters and buffers: "params/conv1/kernel" for "first.kernel",
 *  "buffers/bn1/movingMean" for "bn1.mean". @module */

import type { Model, Weights } from "../models/model.ts";
import { findModel } from "../models/registry.ts";
import type { StoredTensor } from "../models/safetensors.ts";
import { matchWeights } from "../models/weights.ts";
import type { CaseInput } from "./case.ts";

/** The small CNN without dropout, as all fixtures use it. */
export function smallCnn(): Model {
  return findModel("small-cnn").create({ dropout: 0 });
}

/** The batch-normalised network of the CIFAR-10 steps. */
export function tinyBn(): Model {
  return findModel("tiny-bn").create();
}

const KINDS: Readonly<Record<string, string>> = {
  scale: "gamma",
  offset: "beta",
  mean: "movingMean",
  variance: "movingVariance",
};

/** "first.kernel" becomes "conv1/kernel", "stage1.block0.bn1.scale" becomes "stage1/block0/bn1/gamma". */
export function fixtureName(name: string): string {
  const parts = name.replace(/^first\./, "conv1.").split(".");
  const kind = parts.pop()!;
  return [...parts, KINDS[kind] ?? kind].join("/");
}

/**
 * The weights among a fixture's tensors.
 *
 * @throws {TypeError|RangeError} When one is missing, extra, misshapen or not finite.
 */
export function fixtureWeights(model: Model, tensors: ReadonlyMap<string, StoredTensor>): Weights {
  const ours = new Map(fixtureNames(model).map(({ name, tensor }) => [tensor, name]));
  const renamed = new Map([...tensors].map(([name, tensor]) => [ours.get(name) ?? name, tensor]));
  return matchWeights(model, renamed, "the reference weights");
}

/** The weights that a case begins with: of the file that its manifest names, else of the manifest's own tensors. */
export async function startWeights(model: Model, input: CaseInput): Promise<Weights> {
  if (input.manifest.weights !== undefined || model.buffers.length === 0) {
    return fixtureWeights(model, await input.weights());
  }
  return fixtureWeights(model, new Map(fixtureNames(model).map(({ tensor }) => [tensor, input.input(tensor)])));
}

function fixtureNames({ parameters, buffers }: Model): { name: string; tensor: string }[] {
  return [
    ...parameters.map(({ name }) => ({ name, tensor: `params/${fixtureName(name)}` })),
    ...buffers.map(({ name }) => ({ name, tensor: `buffers/${fixtureName(name)}` })),
  ];
}
