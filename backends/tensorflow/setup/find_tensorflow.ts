/** A TensorFlow that is installed already. @module */

import { join } from "node:path";
import { TENSORFLOW_VERSION } from "../place.ts";
import { describePlatform } from "./platform.ts";

/** The version of the TensorFlow in a site-packages folder. @throws {Error} When there is none, or another version. */
export async function installedVersion(folder: string): Promise<string> {
  const versions: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const version = /^tensorflow(?:_cpu)?-(\d+\.\d+\.\d+)\.dist-info$/.exec(name)?.[1];
      if (version !== undefined) versions.push(version);
    }
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) throw unreadable(folder, error);
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
  for (const part of ["include", ...describePlatform().libraries]) await checkPart(folder, join("tensorflow", part));
  return version;
}

async function checkPart(folder: string, part: string): Promise<void> {
  try {
    await Deno.lstat(join(folder, part));
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) throw unreadable(join(folder, part), error);
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    throw new Error(
      `Cannot build against TensorFlow in ${JSON.stringify(folder)} from --tensorflow: ${
        JSON.stringify(part)
      } is not ` +
        "there; install tensorflow-cpu into it again with pip, or leave --tensorflow out",
      { cause: error },
    );
  }
}

function unreadable(path: string, cause: Error): Error {
  return new Error(
    `Cannot read ${JSON.stringify(path)} from --tensorflow: the file system does not permit it; change its permissions`,
    { cause },
  );
}

function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
