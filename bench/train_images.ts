/** How many images a suite trains on. @module */

import { findDataset } from "../data/registry.ts";
import type { NamedData } from "./suite.ts";

/** Training images that the options leave. @throws {RangeError|TypeError} When the data set or an option is wrong. */
export function trainImages({ name, options }: NamedData): number {
  const images = findDataset(name).trainImages(options), { trainCount } = options;
  return typeof trainCount === "number" ? Math.min(images, trainCount) : images;
}
