/** The data sets by name. @module */

import type { DatasetDefinition } from "./definition.ts";
import { embeddedMnist } from "./embedded_mnist.ts";
import { mnist } from "./mnist.ts";
import { synthetic } from "./synthetic.ts";

/** Sorted by name. */
export const datasets: readonly DatasetDefinition[] = [mnist, embeddedMnist, synthetic];

/**
 * The data set of this name.
 *
 * @throws {RangeError} When there is none.
 */
export function findDataset(name: string): DatasetDefinition {
  const found = datasets.find((dataset) => dataset.name === name);
  if (found) return found;
  throw new RangeError(
    `Cannot find data set "${name}": expected ${datasets.map((dataset) => dataset.name).join(", ")}`,
  );
}
