/** result.json of a results folder, derived anew. @module */

import { join } from "node:path";
import { atomicWrite } from "../files/atomic_write.ts";
import { hashedText } from "../files/content_hash.ts";
import { explainWrite } from "../files/explain_write.ts";
import { collectResult } from "./collect.ts";
import { gatherWeights } from "./gather_weights.ts";
import { readStoredSuite } from "./output_folder.ts";
import type { Result } from "./result.ts";

/** Derives the result from suite.json and the journals, and writes it, once the weights it names are in their places. @throws What {@linkcode collectResult} throws. */
export async function writeResult(out: string): Promise<Result> {
  const result = await collectResult(out), path = join(out, "result.json");
  await gatherWeights(out, (await readStoredSuite(out)).suite, result);
  await explainWrite(path, () => atomicWrite(path, hashedText(result)));
  return result;
}
