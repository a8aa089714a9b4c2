/** The data sets by name. @module */

import { cifar10 } from "./cifar10.ts";
import type { DatasetDefinition } from "./definition.ts";
import { embeddedMnist } from "./embedded_mnist.ts";
import { mnist } from "./mnist.ts";
import { synthetic } from "./synthetic.ts";

/** Sorted by name. */
export const datasets: readonly DatasetDefinition[] = [cifar10, mnist, embeddedMnist, synthetic];

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
