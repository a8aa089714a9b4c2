/** smallcnn-weights.pytorch: the same weights under the state_dict names of the public SmallCNN, as export writes them.
 *  @module */

import { readSafetensors } from "../models/safetensors.ts";
import { encodeStateDict } from "../models/state_dict.ts";
import type { CaseInput, ParityCase, Replayed } from "./case.ts";
import { fixtureWeights, smallCnn } from "./fixture_weights.ts";
import { EXACT } from "./tolerances.ts";

/** Untrained weights in PyTorch's layout. */
export const smallcnnWeightsPytorch: ParityCase = {
  kind: "smallcnn-weights.pytorch",
  async *replay({ sibling }: CaseInput): AsyncGenerator<Replayed, void, void> {
    const stored = await sibling("smallcnn-weights");
    if (stored === undefined) {
      const reason = "no manifest of case smallcnn-weights beside it to compare with";
      yield { variant: "-", tensors: () => true, reason };
      return;
    }
    const model = smallCnn();
    const exported = encodeStateDict(model, fixtureWeights(model, stored));
    for (const [tensor, { shape, values }] of readSafetensors(exported, "weights exported").tensors) {
      if (!(values instanceof Float32Array)) throw new TypeError(`Cannot compare ${tensor}: it is not float32`);
      yield { variant: "-", tensor, shape, values, tolerance: EXACT };
    }
  },
};
