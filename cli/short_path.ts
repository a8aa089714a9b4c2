/** Paths as people like to read them. @module */

import { relative } from "node:path";
import type { Io } from "./io.ts";

/** The path from where the user is, unless that leads upwards. */
export function shortPath(path: string, { place }: Pick<Io, "place">): string {
  const short = relative(place.workingFolder, path) || ".";
  return short.startsWith("..") ? path : short;
}
