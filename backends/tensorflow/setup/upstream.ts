/** TensorFlow by the npm package's own installer, which fetches an older libtensorflow from a storage bucket. It has C
 *  headers only, so our operations are left out. @module */

import { delimiter, join } from "node:path";
import { nativeFolder } from "../place.ts";
import { packageFolder } from "./compile_binding.ts";
import type { Say } from "./fetch_tensorflow.ts";
import { lastLine, run } from "./tools.ts";

/** What the installer of @tensorflow/tfjs-node-gpu 4.22.0 fetches. */
const VERSION = "2.9.1";

/** Programs besides those of the usual setup. */
export const upstreamPrograms: readonly string[] = ["node"];

/** Runs the installer on a copy of the package's scripts, so that node_modules stays as it is.
 *  @throws {Error} When Node.js is missing or the bucket is out of reach. */
export async function fetchUpstream(cache: string, say: Say) {
  const folder = join(nativeFolder(cache), `libtensorflow-${VERSION}`);
  const found = {
    version: VERSION,
    folder,
    include: join(folder, "deps", "include"),
    libraries: join(folder, "deps", "lib"),
    libraryNames: ["libtensorflow.so.2", "libtensorflow_framework.so.2"],
  };
  if (await isThere(found.libraries)) return found;
  if (!(await run("node", ["--version"]))?.ok) {
    throw new Error("Cannot run the package's own installer: no node is in PATH; install Node.js, or leave --from out");
  }
  say(`fetching libtensorflow ${VERSION} with the package's own installer`);
  await copyScripts(folder);
  const modules = join(packageFolder(), "..", "..");
  const script = `process.env.NODE_PATH = ${
    JSON.stringify([modules, join(modules, "..", "..", "node_modules")].join(delimiter))
  };
require("module").Module._initPaths();
process.argv = [process.argv[0], ${JSON.stringify(join(folder, "scripts", "install.js"))}, "cpu", "download"];
require(process.argv[1]);`;
  const ended = await run("node", ["-e", script]);
  if (await isThere(found.libraries)) return found;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const reason = ended?.output.split("\n").find((line) => /^\s*Error: /.test(line)) ?? lastLine(ended?.output ?? "");
  throw new Error(
    `Cannot fetch libtensorflow ${VERSION} with the package's own installer: ${JSON.stringify(reason.trim())}; ` +
      "leave --from out to take TensorFlow from PyPI",
  );
}

async function copyScripts(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "scripts"), { recursive: true });
  await Deno.copyFile(join(packageFolder(), "package.json"), join(folder, "package.json"));
  for await (const { name, isFile } of Deno.readDir(join(packageFolder(), "scripts"))) {
    if (isFile) await Deno.copyFile(join(packageFolder(), "scripts", name), join(folder, "scripts", name));
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
