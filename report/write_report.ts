/** Writes a result's report into its folder and checks that a report still follows from its result. The one file of
 *  this room that touches the disk (a picture's font aside). @module */

import { join } from "node:path";
import type { Result } from "../bench/result.ts";
import { atomicWrite } from "../files/atomic_write.ts";
import type { Exporter } from "./exporter.ts";
import { readResult } from "./read_result.ts";
import { exporters } from "./registry.ts";

/** Writes every format into the folder, each file whole or not at all. All are rendered before the first is written.
 *
 *  @returns the paths of the files, in the order of the registry
 *  @throws {Error} where a file cannot be written; what was there before is then untouched */
export async function writeReport(result: Result, folder: string): Promise<string[]> {
  const files = [];
  for (const exporter of exporters) {
    files.push({ path: join(folder, exporter.fileName), bytes: await renderBytes(exporter, result) });
  }
  for (const { path, bytes } of files) await writeWhole(path, bytes);
  return files.map(({ path }) => path);
}

/** Renders every format anew from the folder's result.json and compares.
 *
 *  @returns one line a file that is missing or differs; none where the report follows from its result
 *  @throws {Error} where result.json cannot be read */
export async function checkReport(folder: string): Promise<string[]> {
  const source = join(folder, "result.json");
  const result = readResult(
    new TextDecoder().decode(await readFile(source, (reason) => `Cannot read ${source}: ${reason}`)),
    source,
  );
  const differences = [];
  for (const exporter of exporters) {
    const expected = await renderBytes(exporter, result);
    const difference = await compare(join(folder, exporter.fileName), expected);
    if (difference !== null) differences.push(`${exporter.fileName}: ${difference}`);
  }
  return differences;
}

async function renderBytes(exporter: Exporter, result: Result): Promise<Uint8Array> {
  const rendered = await exporter.render(result);
  return typeof rendered === "string" ? new TextEncoder().encode(rendered) : rendered;
}

/** @throws {Error} where it cannot be written; what was there before is then untouched */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await atomicWrite(path, bytes);
  } catch (cause) {
    throw new Error(`Cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
}

async function readFile(path: string, message: (reason: string) => string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw new Error(message(reasonOf(cause)), { cause });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file or folder";
  if (error instanceof Deno.errors.PermissionDenied) return "no permission";
  return error instanceof Error ? error.message : String(error);
}

async function compare(path: string, expected: Uint8Array): Promise<string | null> {
  const found = await Deno.readFile(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new Error(`Cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  });
  if (found === null) return "missing";
  const at = expected.findIndex((byte, index) => byte !== found[index]);
  if (at < 0 && found.length === expected.length) return null;
  const position = at < 0 ? expected.length : at;
  const line = expected.subarray(0, position).filter((byte) => byte === 10).length + 1;
  return path.endsWith(".png") ? "differs from result.json" : `differs from result.json at line ${line}`;
}
