/** Where the program, its user and its downloads are. @module */

import { resolve } from "node:path";

/** Folders that permissions and defaults depend on; all absolute. */
export interface Place {
  /** The program's own folder. */
  readonly project: string;
  /** What relative paths start from. */
  readonly workingFolder: string;
  /** Downloaded data sets. */
  readonly cache: string;
}

/** The program's own folder. */
export const projectFolder = resolve(import.meta.dirname ?? ".", "..");
