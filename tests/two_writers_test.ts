/** Two programs at one run, one of which sleeps while the other takes over. `deno task reliability --races 20` does more. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { checkFilesAreWhole, findingsIn, runSuiteProcess, writeSuite } from "./helpers/killed_runs.ts";
import { raceTwoWriters } from "./helpers/two_writers.ts";

Deno.test("a writer that wakes up after it was taken over mixes nothing into the run", () =>
  withTemporaryFolder(async (folder) => {
    await writeSuite(folder);
    await runSuiteProcess(folder, "whole");
    const whole = await findingsIn(join(folder, "whole"));
    for (const wakeEarly of [false, true]) {
      const name = `early-${wakeEarly}`;
      const { lines, sleeperSaid } = await raceTwoWriters(folder, name, { afterMilliseconds: 500, wakeEarly });
      assert.equal(await findingsIn(join(folder, name)), whole);
      assert.ok(lines[1] > lines[0], "the first one did go on writing");
      assert.doesNotMatch(sleeperSaid, /^ +at /m);
      await checkFilesAreWhole(join(folder, name));
    }
  }));
