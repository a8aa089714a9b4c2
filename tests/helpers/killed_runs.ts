/** Runs of a short suite that are killed at random moments and started again, as real processes. @module */

import { join } from "node:path";
import { decodeCheckpoint } from "../../bench/checkpoint.ts";
import { readJournal } from "../../bench/journal.ts";
import type { Result } from "../../bench/result.ts";
import { projectFolder } from "../../cli/place.ts";

/** Seconds from one checkpoint to the next. */
export const CHECKPOINT_SECONDS = 0.25;

/** One YOPO run of a few seconds, with targets, evaluations and a strong attack at its end. */
const SUITE = {
  schema: "yopo-bench/suite@1",
  name: "killed",
  title: "A short run that is killed",
  description: "Its accuracies mean nothing.",
  data: {
    name: "synthetic",
    options: { shape: [12, 12, 1], classes: 4, train: 256, validation: 64, final: 64, seed: 1 },
  },
  model: { name: "tiny-cnn", options: { height: 12, width: 12, channels: 1, classes: 4 } },
  threat: { norm: "linf", epsilon: 0.1 },
  alarm: null,
  evaluation: { everyExamples: 8192, count: 64, batch: 64, attack: { name: "pgd-5" } },
  final: { count: 64, weights: ["last", "best"], attacks: [{ name: "pgd-10" }] },
  strong: null,
  targets: [0.5, 0.8],
  seeds: [0],
  runs: [{
    label: "yopo-3-2",
    method: { name: "yopo-3-2", options: { stepSize: 0.03 } },
    batch: 32,
    epochs: 240,
    optimizer: { kind: "sgd", learningRate: 0.01, momentum: 0.9, schedule: { kind: "cyclic" } },
  }],
};

/** How a process ended. */
export interface Ended {
  readonly code: number;
  readonly killed: boolean;
  readonly err: string;
}

/** Writes the suite into the folder, with other parts where given. */
export async function writeSuite(folder: string, parts: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await Deno.writeTextFile(join(folder, "suite.json"), JSON.stringify({ ...SUITE, ...parts }));
}

/** A run of the suite by another method. */
export function runOf(method: string, epochs: number): unknown {
  const [run] = SUITE.runs, options = method.startsWith("yopo") ? { stepSize: 0.03 } : {};
  return { ...run, label: method, method: { name: method, options }, epochs };
}

/** Runs the suite in `folder` to `folder/NAME`; `stop` may end the process. */
export async function runSuiteProcess(
  folder: string,
  name: string,
  stop: (child: Deno.ChildProcess) => Promise<void> = () => Promise.resolve(),
): Promise<Ended> {
  const words = `bench ${join(folder, "suite.json")} --engine wasm --workers 1 --quiet --out ${join(folder, name)} ` +
    `--checkpoint-every ${CHECKPOINT_SECONDS}`;
  // Without the launcher, so that a kill meets what computes.
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", join(projectFolder, "cli/main.ts"), ...words.split(" ")],
    cwd: folder,
    env: { YOPO_BENCH_CACHE: folder },
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  const output = child.output();
  await stop(child);
  const { code, signal, stderr } = await output;
  return { code, killed: signal === "SIGKILL", err: new TextDecoder().decode(stderr) };
}

/** Waits until the run's attempt with this number has begun, or the process has ended. @returns Whether it has begun. */
export async function attemptBegan(out: string, attempt: number, child: Deno.ChildProcess): Promise<boolean> {
  let isRunning = true;
  child.status.then(() => isRunning = false);
  while (isRunning) {
    if (await exists(join(await runFolder(out) ?? "none", `attempt-${attempt}`, "events.jsonl"))) return true;
    await delay(5);
  }
  return false;
}

/** The folder of the suite's only run. */
export async function runFolder(out: string): Promise<string | null> {
  const names = await namesIn(join(out, "runs"));
  return names.length === 0 ? null : join(out, "runs", names[0]!);
}

/** Reads every file that a kill may have torn. @throws {Error} When one is not whole. */
export async function checkFilesAreWhole(out: string): Promise<void> {
  const run = await runFolder(out);
  for (const attempt of run === null ? [] : await namesIn(run)) {
    if (!attempt.startsWith("attempt-")) continue;
    for (const name of await namesIn(join(run!, attempt))) {
      const path = join(run!, attempt, name);
      if (name === "events.jsonl") await readJournal(path);
      else if (name.endsWith(".safetensors")) decodeCheckpoint(await Deno.readFile(path), path);
    }
  }
  for (const name of ["suite.json", "result.json"]) {
    if (await exists(join(out, name))) JSON.parse(await Deno.readTextFile(join(out, name)));
  }
}

/** Seconds since an attempt's newest checkpoint was written; null where it has none. */
export async function secondsSinceCheckpoint(out: string, attempt: number): Promise<number | null> {
  const place = join(await runFolder(out) ?? "none", `attempt-${attempt}`), times: number[] = [];
  for (const name of await namesIn(place)) {
    if (!/^checkpoint-\d+\.safetensors$/.test(name)) continue;
    times.push((await Deno.stat(join(place, name))).mtime!.getTime());
  }
  return times.length === 0 ? null : (Date.now() - Math.max(...times)) / 1000;
}

/** What must be equal: all but times and attempts. */
export async function findingsIn(out: string): Promise<string> {
  const { runs }: Result = JSON.parse(await Deno.readTextFile(join(out, "result.json")));
  const found = runs.map(({ status, points, final, weightsSha256, timeTo, warnings }) => ({
    ...{ status, points, final, weightsSha256, timeTo },
    warnings: warnings.filter(({ code }) => code !== "busy-machine"),
  }));
  return JSON.stringify(found, (key, value) => /[sS]econds$/.test(key) ? undefined : value);
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
