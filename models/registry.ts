/** The models by name. A new model is one file, one line here and one row in the table test. @module */

import type { ModelDefinition } from "./model.ts";
import { didYouMean } from "./options.ts";
import { preactResnet18 } from "./preact_resnet18.ts";
import { smallCnn } from "./small_cnn.ts";
import { tinyBn } from "./tiny_bn.ts";
import { tinyCnn } from "./tiny_cnn.ts";
import { wideResnet } from "./wide_resnet.ts";

/** All models, sorted by name. */
export const models: readonly ModelDefinition[] = [preactResnet18, smallCnn, tinyBn, tinyCnn, wideResnet];

/**
 * The model called `name`.
 *
 * @param origin Where the name came from, for the message: "--model".
 * @throws {RangeError} When there is none.
 */
export function findModel(name: string, origin?: string): ModelDefinition {
  const model = models.find((candidate) => candidate.name === name);
  if (model === undefined) {
    const names = models.map((candidate) => candidate.name);
    const from = origin === undefined ? "" : ` from ${origin}`;
    const quoted = JSON.stringify(name);
    throw new RangeError(`Cannot find model ${quoted}${from}: expected ${names.join(", ")}${didYouMean(name, names)}`);
  }
  return model;
}
