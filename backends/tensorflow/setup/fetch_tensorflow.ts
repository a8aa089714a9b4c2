/** TensorFlow from PyPI by pip, into a folder of our own: what pip installs elsewhere is not touched. @module */

import { join } from "node:path";
import { nativeFolder, TENSORFLOW_VERSION } from "../place.ts";
import { inPartialFolder } from "./partial_folder.ts";
import { checkSpace } from "./platform.ts";
import { findPip, lastLine, start } from "./tools.ts";

/** Says what goes on. */
export type Say = (line: string) => void;

/** The folder that pip's TensorFlow lies in, whether or not it is there yet. */
export function fetchedFolder(cache: string, gpu: boolean): string {
  return join(nativeFolder(cache), `tensorflow-${TENSORFLOW_VERSION}${gpu ? "-gpu" : ""}`);
}

/** Fetches TensorFlow unless it is there. What was begun and not finished is begun anew, from pip's own cache of
 *  downloads. @throws {Error} When pip, disk space or the network is missing. */
export async function fetchTensorflow(cache: string, gpu: boolean, say: Say): Promise<string> {
  const folder = fetchedFolder(cache, gpu);
  if (await exists(join(folder, "tensorflow"))) {
    say(`TensorFlow ${TENSORFLOW_VERSION} is there already`);
    return folder;
  }
  const pip = await findPip();
  await checkSpace(nativeFolder(cache), gpu);
  say(`fetching TensorFlow ${TENSORFLOW_VERSION} with ${pip.version} (about ${gpu ? "3 GB" : "270 MB"})`);
  const wanted = gpu
    ? [`tensorflow[and-cuda]==${TENSORFLOW_VERSION}`]
    : ["--no-deps", `tensorflow-cpu==${TENSORFLOW_VERSION}`];
  await inPartialFolder(folder, async (partial) => {
    const packages = join(partial, "packages"), temporary = join(partial, "temporary");
    await Deno.mkdir(packages);
    await Deno.mkdir(temporary);
    await install(packages, temporary, wanted, say);
    await keep(packages, folder);
  });
  return folder;
}

/** Pip unpacks into its temporary folder first: on the same disk, and where nothing of it stays when it is killed. */
async function install(packages: string, temporary: string, wanted: readonly string[], say: Say): Promise<void> {
  const args = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--target", packages, ...wanted];
  const { ok, reason } = await relay(args, temporary, say);
  if (!ok) {
    throw new Error(
      `Cannot fetch TensorFlow ${TENSORFLOW_VERSION}: pip says ${JSON.stringify(reason)}; ` +
        "check the network and the version of Python, or point --tensorflow at an installed one",
    );
  }
}

/** Another setup may have been faster; what it fetched may be in use already, so it stays. */
async function keep(packages: string, folder: string): Promise<void> {
  try {
    await Deno.rename(packages, folder);
  } catch (error) {
    if (!await exists(join(folder, "tensorflow"))) throw error;
  }
}

/** Runs python3 and hands its lines on as they come; the reason is its last error line. */
async function relay(args: string[], temporary: string, say: Say): Promise<{ ok: boolean; reason: string }> {
  const child = start("python3", args, { env: { TMPDIR: temporary } });
  if (child === null) return { ok: false, reason: "" };
  let errors = "";
  const lines = async (stream: ReadableStream<Uint8Array>, hear: (line: string) => void) => {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split(/[\r\n]+/);
      rest = parts.pop() ?? "";
      for (const part of parts) if (part.trim() !== "") hear(part.trim());
    }
    if (rest.trim() !== "") hear(rest.trim());
  };
  const [status] = await Promise.all([
    child.status,
    lines(child.stdout, (line) => say(`  ${line}`)),
    lines(child.stderr, (line) => {
      if (line.startsWith("ERROR:")) errors = line.slice(6).trim();
      else if (errors === "") errors = lastLine(line);
    }),
  ]);
  return { ok: status.success, reason: errors };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}
