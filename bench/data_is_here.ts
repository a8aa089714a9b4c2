/** Tells that a data set was not fetched yet before any work begins. @module */

import { join } from "node:path";
import { findDataset } from "../data/registry.ts";
import { UsageError } from "./usage_error.ts";

/** Looks for the files only; whoever loads them checks every byte. @throws {UsageError} When one is not there. */
export async function checkDataIsHere(name: string, cache: string): Promise<void> {
  const { files } = findDataset(name);
  for (const file of files?.files ?? []) {
    const path = join(cache, files!.dataset, file.name);
    const isHere = await Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
    if (isHere) continue;
    throw new UsageError(
      `Cannot use data set "${name}": there is no "${path}"; get it with "yopo-bench data get ${name}"`,
    );
  }
}
