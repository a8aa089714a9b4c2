/** The weights of runs that have ended, out of their attempts' folders into RUN/weights/. @module */

import { dirname, join } from "node:path";
import { explainWrite } from "../files/explain_write.ts";
import { readAttempts } from "./read_attempts.ts";
import { isDone, type Result } from "./result.ts";
import { planRuns } from "./run_config.ts";
import type { Suite } from "./suite.ts";
import { weightsFile } from "./weights_saver.ts";

/** Moves what the records of ended runs name and nothing else; a second call finds nothing left to move. */
export async function gatherWeights(out: string, suite: Suite, { runs }: Pick<Result, "runs">): Promise<void> {
  const ended = new Set(runs.filter(isDone).map(({ id }) => id));
  for (const planned of planRuns(suite).filter(({ id }) => ended.has(id))) {
    for (const { event, attempt } of await readAttempts(out, planned)) {
      if (event.event !== "weights") continue;
      const name = weightsFile(event), folder = join(dirname(attempt), "weights");
      await explainWrite(join(folder, name), async () => {
        await Deno.mkdir(folder, { recursive: true });
        await move(join(attempt, "weights", name), join(folder, name));
      });
    }
  }
}

/** Does nothing where it was moved before. */
async function move(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
