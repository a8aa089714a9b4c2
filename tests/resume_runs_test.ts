/** A run that is killed or stopped and goes on: real processes, real signals. `deno task reliability` does a hundred. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import {
  attemptBegan,
  checkFilesAreWhole,
  delay,
  findingsIn,
  runFolder,
  runSuiteProcess,
  writeSuite,
} from "./helpers/killed_runs.ts";
import { ended, launch } from "./helpers/launch.ts";

Deno.test("a run that is killed three times and stopped by SIGINT and SIGTERM ends as an uninterrupted one", () =>
  withTemporaryFolder(async (folder) => {
    await writeSuite(folder);
    const { code, err } = await runSuiteProcess(folder, "whole");
    assert.equal(code, 0, err);
    const out = join(folder, "stopped");
    let attempt = 0;
    for (const signal of ["SIGKILL", "SIGINT", "SIGKILL", "SIGTERM", "SIGKILL"] as const) {
      attempt++;
      const stopped = await runSuiteProcess(folder, "stopped", async (child) => {
        assert.ok(await attemptBegan(out, attempt, child), `attempt ${attempt} begins`);
        await delay(400);
        child.kill(signal);
      });
      assert.equal(stopped.killed, signal === "SIGKILL", stopped.err);
      if (signal !== "SIGKILL") {
        assert.equal(stopped.code, 130, stopped.err);
        assert.match(stopped.err, /unfinished ones go on where they stopped/);
      }
      await checkFilesAreWhole(out);
      if (attempt === 1) await checkStatusAndCollect(folder);
    }
    const last = await runSuiteProcess(folder, "stopped");
    assert.equal(last.code, 0, last.err);
    assert.equal(await findingsIn(out), await findingsIn(join(folder, "whole")));
    const { runs: [run] } = JSON.parse(await Deno.readTextFile(join(out, "result.json")));
    const from: number[] = run.attempts.map(({ fromStep }: { fromStep: number }) => fromStep);
    assert.equal(from.length, 6);
    assert.deepEqual(from, from.toSorted((a, b) => a - b), "each attempt begins where the one before had come");
    assert.ok(from.at(-1)! > 0);
    const attempts = await Array.fromAsync(Deno.readDir(join((await runFolder(out))!, "attempt-1")));
    assert.deepEqual(
      attempts.map(({ name }) => name).toSorted(),
      ["events.jsonl", "owner.json", "weights"],
      "a run that has ended keeps no checkpoint",
    );
  }));

/** What status and collect say of a run that was killed. */
async function checkStatusAndCollect(folder: string): Promise<void> {
  const run = (...words: string[]) => ended(launch(words, { cwd: folder }));
  const told = await run("status", "stopped");
  assert.equal(told.code, 0, told.err);
  assert.match(told.out, /^killed in stopped: 0 of 1 runs done, no program is at work in it\n/);
  assert.match(told.out, /yopo-3-2 +│ 0 +│ interrupted/);
  const { atWork, runs } = JSON.parse((await run("status", "stopped", "--json")).out);
  assert.deepEqual([atWork, runs[0].status, runs[0].attempts], [false, "interrupted", 1]);
  const collected = await run("collect", "stopped");
  assert.match(collected.out, /^stopped[/\\]report\.md$/m, collected.err);
  assert.equal((await run("report", "--check", "stopped")).code, 0);
  const none = await run("status", "nowhere");
  assert.equal(none.code, 2);
  assert.match(none.err, /^yopo-bench: Cannot read [^\n]*suite\.json: there is no such file[^\n]*\n$/);
}
