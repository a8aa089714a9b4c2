/** The result directory: OUT/suite.json and OUT/runs/RUN/attempt-N/, so that a suite can be continued and two suites
 *  never mix. @module */

import { join } from "node:path";
import { z } from "zod";
import { atomicWrite } from "../files/atomic_write.ts";
import { explainWrite } from "../files/explain_write.ts";
import { CANCEL_FILE } from "./cancel_request.ts";
import { firstDifference } from "./canonical.ts";
import { resultSchema } from "./result.ts";
import { suiteSchema } from "./suite.ts";
import { LOCK_FILE, lockFolder } from "./folder_lock.ts";
import { UsageError } from "./usage_error.ts";

const storedSchema = z.strictObject({
  schema: z.literal("yopo-bench/stored-suite@1"),
  created: z.string(),
  command: z.string(),
  engine: z.string(),
  precision: z.enum(["f32", "f32-fma", "bf16"]).default("f32"),
  shards: z.int().min(1).default(1),
  tool: resultSchema.shape.tool,
  suite: suiteSchema,
});

/** What OUT/suite.json holds. */
export type StoredSuite = z.infer<typeof storedSchema>;

/**
 * The suite stored in `out`, checked.
 *
 * @throws {UsageError} When there is none, or it is damaged.
 */
export async function readStoredSuite(out: string): Promise<StoredSuite> {
  const path = join(out, "suite.json");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
    throw new UsageError(`Cannot read ${path}: ${reason}; a results folder holds suite.json`, { cause: error });
  }
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError
      ? `${error.issues[0]!.path.join(".")}: ${error.issues[0]!.message}`
      : (error as Error).message;
    throw new UsageError(`Cannot read ${path}: ${reason}`, { cause: error });
  }
}

/** The suite stored in `out`; null where there is none. @throws {UsageError} When it is damaged. */
export async function findStoredSuite(out: string): Promise<StoredSuite | null> {
  return (await listFolder(out)).includes("suite.json") ? await readStoredSuite(out) : null;
}

/**
 * Makes `out` ready for the suite: a new folder gets suite.json; a folder of the same suite and engine (its precision and shards too) is continued;
 * any other is refused, or with `force` moved aside and never deleted.
 *
 * @returns The stored suite, and where an old folder went.
 * @throws {UsageError} When the folder holds something else.
 */
export async function prepareOutput(
  out: string,
  wanted: Omit<StoredSuite, "schema" | "created">,
  force: boolean,
): Promise<{ stored: StoredSuite; movedTo: string | null }> {
  const movedTo = force ? await moveAside(out) : null;
  const names = await listFolder(out);
  if (names.includes("suite.json")) {
    const stored = await readStoredSuite(out);
    refuseOther(out, stored, wanted);
    return { stored, movedTo };
  }
  if (names.some((name) => name !== LOCK_FILE && name !== CANCEL_FILE && !name.endsWith(".partial"))) {
    throw new UsageError(
      `Cannot write results to ${out}: it holds other files; choose another --out`,
    );
  }
  const stored: StoredSuite = { schema: "yopo-bench/stored-suite@1", created: new Date().toISOString(), ...wanted };
  await explainWrite(out, async () => {
    await Deno.mkdir(out, { recursive: true });
    await atomicWrite(join(out, "suite.json"), JSON.stringify(stored, null, 2) + "\n");
  });
  return { stored, movedTo };
}

function refuseOther(out: string, stored: StoredSuite, wanted: Omit<StoredSuite, "schema" | "created">): void {
  const key = firstDifference(stored.suite, wanted.suite);
  const advice = "choose another --out, or --force to move it aside";
  if (key) {
    throw new UsageError(
      `Cannot continue ${out}: it holds another suite, the first key that differs is ${key}; ${advice}`,
    );
  }
  for (const key of ["engine", "precision", "shards"] as const) {
    if (stored[key] === wanted[key]) continue;
    throw new UsageError(
      `Cannot continue ${out} with ${key} ${wanted[key]}: it was begun with ${stored[key]}; ${advice}`,
    );
  }
}

/** Names in a folder; none where it does not exist. @throws {UsageError} When it is no folder or cannot be read. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (error instanceof Deno.errors.NotADirectory) {
      throw new UsageError(`Cannot write results to ${path}: it is not a folder; choose another --out`);
    }
    throw new UsageError(`Cannot use ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Renames a results folder to NAME.old-1, NAME.old-2, ...; null where there is nothing to move.
 *
 * @throws {UsageError} When the folder is not one that this program wrote.
 */
async function moveAside(out: string): Promise<string | null> {
  const names = await listFolder(out);
  if (names.length === 0) return null;
  if (!names.includes("suite.json")) {
    throw new UsageError(
      `Cannot move ${out} aside: it holds no suite.json, so it is no results folder; choose another --out`,
    );
  }
  using _lock = await lockFolder(out);
  const base = out.replace(/[\\/]+$/, "");
  for (let number = 1;; number++) {
    const target = `${base}.old-${number}`;
    if (await Deno.stat(target).then(() => true, () => false)) continue;
    await Deno.rename(base, target);
    return target;
  }
}

/** Folders of earlier work on a run: same label, seed and id, any engine. */
export async function findRunFolders(out: string, name: string): Promise<string[]> {
  return (await listFolder(join(out, "runs"))).filter((entry) => entry.startsWith(`${name}-`)).sort();
}

/** Numbers of a run folder's attempts, ascending. */
export async function listAttempts(folder: string): Promise<number[]> {
  const numbers = (await listFolder(folder)).map((name) => Number(/^attempt-(\d+)$/.exec(name)?.[1] ?? NaN));
  return numbers.filter(Number.isInteger).sort((a, b) => a - b);
}
