/** Kills runs of a short suite at random moments, several times each, goes on, and compares the ends with an uninterrupted
 *  run: `deno task reliability --runs 100`; and lets two programs race for one: `--races 20`. @module */

import { parseArgs } from "node:util";
import { join } from "node:path";
import { random } from "../random/random.ts";
import {
  attemptBegan,
  checkFilesAreWhole,
  delay,
  findingsIn,
  runSuiteProcess,
  secondsSinceCheckpoint,
  writeSuite,
} from "./helpers/killed_runs.ts";
import { raceTwoWriters } from "./helpers/two_writers.ts";

/** A run is killed at most so often, at a random moment of the first so many milliseconds of an attempt. */
const MOST_KILLS = 5, WITHIN_MILLISECONDS = 2500;

const texts = { runs: { type: "string" }, races: { type: "string" }, seed: { type: "string" } } as const;
const { runs: asked = "100", races = "0", seed = "0" } = parseArgs({ options: texts }).values;
const stream = random(Number(seed), "kills"), folder = await Deno.makeTempDir({ prefix: "yopo-bench-reliability-" });
const say = (line: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

await writeSuite(folder);
await runSuiteProcess(folder, "whole");
const whole = await findingsIn(join(folder, "whole"));
let equal = 0, kills = 0, begun = 0;
const lost: number[] = [];
for (let run = 0; run < Number(asked); run++) {
  const name = `run-${run}`, out = join(folder, name);
  for (let attempt = 1; attempt <= MOST_KILLS + 1; attempt++) {
    const { killed, code, err } = await runSuiteProcess(folder, name, async (child) => {
      if (attempt > MOST_KILLS || !(await attemptBegan(out, attempt, child))) return;
      await delay(stream.uniform() * WITHIN_MILLISECONDS);
      const seconds = await secondsSinceCheckpoint(out, attempt).catch(() => null); // it may just be replaced
      try {
        child.kill("SIGKILL");
      } catch {
        return; // it came to its end before
      }
      if (seconds !== null) lost.push(seconds);
    });
    if (!killed) {
      if (code !== 0) say(`run ${run}: exit code ${code}: ${err.trim()}`);
      begun += attempt;
      break;
    }
    kills++;
    await checkFilesAreWhole(out);
  }
  const isEqual = await findingsIn(out) === whole;
  if (isEqual) equal++;
  else say(`run ${run}: another end, kept in ${out}`);
  if (isEqual) await Deno.remove(out, { recursive: true });
}
let mixed = 0;
for (let race = 0; race < Number(races); race++) {
  const name = `race-${race}`, afterMilliseconds = stream.uniform() * WITHIN_MILLISECONDS;
  await raceTwoWriters(folder, name, { afterMilliseconds, wakeEarly: race % 2 === 0 });
  if (await findingsIn(join(folder, name)) !== whole) mixed++;
}
if (Number(races) > 0) say(`${Number(races) - mixed} of ${races} races of two writers end as the uninterrupted run`);
const sorted = lost.toSorted((a, b) => a - b);
if (Number(asked) > 0) {
  say(`${equal} of ${asked} runs end with the uninterrupted run's weights and points`);
  say(`${kills} kills, ${begun} attempts; no torn file`);
  say(
    `since an attempt's newest checkpoint at a kill, its final evaluation included: median ${
      sorted[sorted.length >> 1]?.toFixed(2)
    } s, most ${sorted.at(-1)?.toFixed(2)} s`,
  );
}
if (equal === Number(asked) && mixed === 0) await Deno.remove(folder, { recursive: true });
else Deno.exitCode = 1;
