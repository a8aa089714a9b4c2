/** Two programs that both believe a run to be theirs: one falls asleep in the middle, the other takes over, the first wakes
 *  up and goes on writing. @module */

import { join } from "node:path";
import { runSingle } from "../../bench/local_executor.ts";
import { writeResult } from "../../bench/write_result.ts";
import { attemptBegan, CHECKPOINT_SECONDS, delay, runFolder, runSuiteProcess } from "./killed_runs.ts";

/** What a race came to. */
export interface Race {
  /** Exit code of the program that slept. */
  readonly sleeperCode: number;
  readonly sleeperSaid: string;
  /** Lines of the sleeper's journal when it was taken over, and at its end. */
  readonly lines: readonly [number, number];
}

/**
 * The suite of `folder` to `folder/NAME`: the program that began sleeps after `afterMilliseconds`, and wakes up while or
 * after the other one works.
 */
export async function raceTwoWriters(
  folder: string,
  name: string,
  { afterMilliseconds, wakeEarly }: { readonly afterMilliseconds: number; readonly wakeEarly: boolean },
): Promise<Race> {
  const out = join(folder, name);
  let lines = 0;
  const sleeper = await runSuiteProcess(folder, name, async (child) => {
    if (!(await attemptBegan(out, 1, child))) throw new Error("Cannot race: the first program did not begin");
    await delay(afterMilliseconds);
    child.kill("SIGSTOP");
    lines = await journalLines(out);
    const other = takeOver(out, folder);
    if (wakeEarly) await attemptBegan(out, 2, child);
    else await other;
    child.kill("SIGCONT");
    await other;
  });
  await writeResult(out);
  return { sleeperCode: sleeper.code, sleeperSaid: sleeper.err, lines: [lines, await journalLines(out)] };
}

/** The run in this process, once its owner has been silent for a second. */
async function takeOver(out: string, cache: string): Promise<void> {
  const name = (await runFolder(out))!.split(/[\\/]/).at(-1)!.replace(/-[0-9a-f]{8}$/, "");
  const engine = { engine: "auto", workers: 1 } as const;
  const options = { out, engine, cache, checkpointSeconds: CHECKPOINT_SECONDS, leaseSeconds: 1 };
  const { record } = await runSingle(name, options, () => {}, new AbortController().signal);
  if (record.status !== "completed") throw new Error(`the second program came to ${record.status}: ${record.message}`);
}

async function journalLines(out: string): Promise<number> {
  const text = await Deno.readTextFile(join((await runFolder(out))!, "attempt-1/events.jsonl"));
  return text.split("\n").length - 1;
}
