/** Says of each file of a data set in the cache whether it is the original. @module */

import { join } from "node:path";
import { DataFileError, type FileProblem } from "./data_file_error.ts";
import type { DatasetFiles } from "./definition.ts";
import { readChecked } from "./read_checked.ts";
import { findDataset } from "./registry.ts";

/** What was found of one file. */
export interface FileCheck {
  /** Its name. */
  readonly file: string;
  /** Where it belongs in the cache. */
  readonly path: string;
  /** "ok", or what is wrong with it. */
  readonly state: "ok" | FileProblem;
  /** What is wrong and what to do, one line; absent where the file is right. */
  readonly message?: string;
}

/**
 * Checks the files of the data set `name`; one that needs no files gives an empty list.
 *
 * @throws {RangeError} When there is no such data set.
 */
export async function checkDataset(name: string, cache: string): Promise<FileCheck[]> {
  const { files } = findDataset(name);
  return files ? await checkFiles(files, cache) : [];
}

/** `checkDataset` for files that need not be registered. */
export async function checkFiles(set: DatasetFiles, cache: string): Promise<FileCheck[]> {
  const checks: FileCheck[] = [];
  for (const file of set.files) {
    const path = join(cache, set.dataset, file.name);
    try {
      await readChecked(path, file, `get it with "yopo-bench data get ${set.dataset}"`);
      checks.push({ file: file.name, path, state: "ok" });
    } catch (error) {
      if (!(error instanceof DataFileError)) throw error;
      checks.push({ file: file.name, path, state: error.problem, message: error.message });
    }
  }
  return checks;
}
