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

Deno.test("a run that is killed three times and stopped by SIGINT and SIGTERM ends as an uninterrupted one", () =>
  withTemporaryFolder(async (folder) => {
    await writeSuite(folder);
    const { code, err } = await runSuiteProcess(folder, "whole");
    assert.equal(code, 0, err);
    const out = join(folder, "stopped");
    let attempt = 0;
    for (const signal of ["SIGKILL", "SIGINT", "SIGKILL", "SIGTERM", "SIGKILL"] as const) {
      attempt++;
      const ended = await runSuiteProcess(folder, "stopped", async (child) => {
        assert.ok(await attemptBegan(out, attempt, child), `attempt ${attempt} begins`);
        await delay(400);
        child.kill(signal);
      });
      assert.equal(ended.killed, signal === "SIGKILL", ended.err);
      if (signal !== "SIGKILL") {
        assert.equal(ended.code, 130, ended.err);
        assert.match(ended.err, /unfinished ones go on where they stopped/);
      }
      await checkFilesAreWhole(out);
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
    assert.deepEqual(attempts.map(({ name }) => name), ["events.jsonl"], "a run that has ended keeps no checkpoint");
  }));
