/** The models whose public PyTorch names are known. A new one is one file and one line here. @module */

import type { PublicNames } from "./names.ts";
import { preactResnet18Names } from "./preact_resnet18.ts";
import { smallCnnNames } from "./small_cnn.ts";
import { wideResnetNames } from "./wide_resnet.ts";

/** All of them, in the order of their models. */
export const publicNames: readonly PublicNames[] = [preactResnet18Names, smallCnnNames, wideResnetNames];

/** The public names of a model. @throws {RangeError} When none are known. */
export function findPublicNames(model: string): PublicNames {
  const names = publicNames.find((candidate) => candidate.model === model);
  if (names === undefined) {
    const known = publicNames.map((candidate) => candidate.model).join(", ");
    throw new RangeError(`Cannot name the tensors of model "${model}" for PyTorch: names are known for ${known}`);
  }
  return names;
}
