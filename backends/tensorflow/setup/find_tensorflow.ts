/** A TensorFlow that is installed already. @module */

import { join } from "node:path";
import { TENSORFLOW_VERSION } from "../place.ts";

/** The version of the TensorFlow in a site-packages folder. @throws {Error} When there is none, or another version. */
export async function installedVersion(folder: string): Promise<string> {
  const versions: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const version = /^tensorflow(?:_cpu)?-(\d+\.\d+\.\d+)\.dist-info$/.exec(name)?.[1];
      if (version !== undefined) versions.push(version);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
  const where = `in ${JSON.stringify(folder)} from --tensorflow`;
  const [version] = versions;
  if (version === undefined) {
    throw new Error(`Cannot find TensorFlow ${where}: expected a site-packages folder that pip installed it into`);
  }
  if (minor(version) !== minor(TENSORFLOW_VERSION)) {
    throw new Error(`Cannot use TensorFlow ${version} ${where}: expected ${minor(TENSORFLOW_VERSION)}.x`);
  }
  await Deno.stat(join(folder, "tensorflow", "include"));
  return version;
}

function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
