/** smallcnn-weights and smallcnn-trained: stored weights fit the model, and survive being saved and loaded. @module */

import { decodeWeights, encodeWeights, parameterCount } from "../models/weights.ts";
import type { CaseInput, ParityCase, Replayed } from "./case.ts";
import { fixtureName, fixtureWeights, smallCnn } from "./fixture_weights.ts";
import { EXACT } from "./tolerances.ts";

async function* replay({ manifest, input }: CaseInput): AsyncGenerator<Replayed, void, void> {
  const model = smallCnn();
  const stored = new Map(manifest.tensors.map(({ name }) => [name, input(name)]));
  const weights = fixtureWeights(model, stored);
  if (manifest.parameters !== undefined) {
    const expected = manifest.parameters;
    yield { variant: "-", quantity: "parameters", actual: parameterCount(model), expected };
  }
  const reread = decodeWeights(encodeWeights(model, weights), "weights written again").weights;
  for (const [name, { shape, values }] of reread) {
    yield { variant: "-", tensor: `params/${fixtureName(name)}`, shape, values, tolerance: EXACT };
  }
}

/** Untrained weights. */
export const smallcnnWeights: ParityCase = { kind: "smallcnn-weights", replay };

/** Trained weights. */
export const smallcnnTrained: ParityCase = { kind: "smallcnn-trained", replay };
