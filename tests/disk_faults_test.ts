/** What a disk can do to a run, with real processes: it fills up, its folder cannot be written or disappears. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { attemptBegan, delay, type Ended, findingsIn, runSuiteProcess, writeSuite } from "./helpers/killed_runs.ts";

/** Mounts a file system of so many KiB; null where that is not allowed. */
async function smallDisk(folder: string, kibibytes: number): Promise<AsyncDisposable | null> {
  const command = (program: string, ...args: string[]) => new Deno.Command(program, { args, stderr: "null" }).output();
  await Deno.mkdir(folder);
  try {
    if (!(await command("mount", "-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", folder)).success) return null;
  } catch {
    return null;
  }
  return { [Symbol.asyncDispose]: async () => void await command("umount", "-l", folder) };
}

const canMount = await withTemporaryFolder(async (folder) => {
  const disk = await smallDisk(join(folder, "probe"), 64);
  await disk?.[Symbol.asyncDispose]();
  return disk !== null;
});

function endedInOneLine({ code, err }: Ended, codes: readonly number[], message: RegExp): void {
  assert.ok(codes.includes(code), `exit code ${code}: ${err}`);
  assert.match(err, message);
  assert.equal(err.trim().split("\n").length, 1, err);
}

Deno.test({
  name: "a run whose disk fills up ends with one line, and goes on when there is room" +
    (canMount ? "" : " (ignored: this process may not mount a file system)"),
  ignore: !canMount,
  fn: () =>
    withTemporaryFolder(async (folder) => {
      await writeSuite(folder);
      await runSuiteProcess(folder, "whole");
      const small = join(folder, "small");
      await using _disk = await smallDisk(small, 1500);
      for (const filled of [1490, 1440, 1350]) {
        await Deno.writeFile(join(small, "fill"), new Uint8Array(filled * 1024));
        endedInOneLine(await runSuiteProcess(folder, "small/out"), [1], /^yopo-bench: Cannot [^\n]*[Nn]o space left/);
      }
      await Deno.remove(join(small, "fill"));
      const { code, err } = await runSuiteProcess(folder, "small/out");
      assert.equal(code, 0, err);
      assert.equal(await findingsIn(join(small, "out")), await findingsIn(join(folder, "whole")));
    }),
});

Deno.test("a results folder that disappears in mid-run costs one line and no stack trace", () =>
  withTemporaryFolder(async (folder) => {
    await writeSuite(folder);
    const out = join(folder, "gone");
    const ended = await runSuiteProcess(folder, "gone", async (child) => {
      assert.ok(await attemptBegan(out, 1, child));
      await delay(300);
      await Deno.remove(out, { recursive: true }).catch(() => Deno.remove(out, { recursive: true }));
    });
    endedInOneLine(ended, [1, 2], /^yopo-bench: Cannot /);
  }));

Deno.test("two programs in one results folder: one works, the other is told so, and nothing is mixed", () =>
  withTemporaryFolder(async (folder) => {
    await writeSuite(folder);
    await runSuiteProcess(folder, "whole");
    for (let race = 0; race < 3; race++) {
      const out = `race-${race}`;
      const both = await Promise.all([runSuiteProcess(folder, out), runSuiteProcess(folder, out)]);
      const refused = both.filter(({ code }) => code === 2);
      assert.equal(both.filter(({ code }) => code === 0).length + refused.length, 2, JSON.stringify(both));
      assert.ok(refused.length <= 1, JSON.stringify(both));
      refused.forEach((one) => endedInOneLine(one, [2], /another program is at work in it/));
      assert.equal(await findingsIn(join(folder, out)), await findingsIn(join(folder, "whole")));
    }
  }));
