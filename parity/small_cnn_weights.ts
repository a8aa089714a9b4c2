/** The fixtures' small CNN: their names of its parameters, "conv1/kernel" for "first.kernel". @module */

import { findModel } from "../models/registry.ts";
import type { Model, Weights } from "../models/model.ts";
import type { StoredTensor } from "../models/safetensors.ts";
import { matchWeights } from "../models/weights.ts";

/** The network without dropout, as all fixtures use it. */
export function smallCnn(): Model {
  return findModel("small-cnn").create({ dropout: 0 });
}

/** "first.kernel" becomes "conv1/kernel", "fc1.bias" becomes "fc1/bias". */
export function fixtureName(parameter: string): string {
  return parameter.replace(/^first\./, "conv1/").replace(".", "/");
}

/**
 * The weights among a fixture's tensors, named "params/conv1/kernel" and so on.
 *
 * @throws {TypeError|RangeError} When one is missing, extra, misshapen or not finite.
 */
export function smallCnnWeights(model: Model, tensors: ReadonlyMap<string, StoredTensor>): Weights {
  const ours = new Map(model.parameters.map(({ name }) => [`params/${fixtureName(name)}`, name]));
  const renamed = new Map([...tensors].map(([name, tensor]) => [ours.get(name) ?? name, tensor]));
  return matchWeights(model, renamed, "the reference weights");
}
