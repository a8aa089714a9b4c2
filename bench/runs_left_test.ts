import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { Journal } from "./journal.ts";
import { loadSuite } from "./load_suite.ts";
import { prepareOutput } from "./output_folder.ts";
import { planRuns, runName } from "./run_config.ts";
import { RunOwner } from "./run_owner.ts";
import { runsLeft } from "./runs_left.ts";
import { toolRecord } from "./tool.ts";

const nothing = { cpu: null, memoryBytes: null, gpu: null, osRelease: null, calibration: null };
const machine = { id: "m", cores: 1, ...nothing, os: "linux", arch: "x86_64", deno: "2", v8: "15", tfjs: "4" };
/** An attempt that found none before it. */
const alone = { earlier: [], lostSeconds: null, downSeconds: null };
const begin = { attempt: 1, fromStep: 0, trainSeconds: 0, startedAt: "2026-01-01T00:00:00.000Z", ...alone, machine };

Deno.test("runsLeft() counts runs of the same suite that have not come to an end", () =>
  withTemporaryFolder(async (folder) => {
    const suite = await loadSuite("smoke"), out = join(folder, "out");
    const labels = async (changed = suite, force = false): Promise<string[]> =>
      (await runsLeft(changed, out, force)).map(({ label }) => label);
    const all = suite.runs.map(({ label }) => label);
    assert.deepEqual(await labels(), all, "no folder yet");
    const stored = {
      command: "x",
      engine: "wasm",
      precision: "f32",
      shards: 8,
      tool: await toolRecord(),
      suite,
    } as const;
    await prepareOutput(out, stored, false);
    assert.deepEqual(await labels(), all);
    for (const [index, status] of (["completed", "diverged", "interrupted"] as const).entries()) {
      await using owner = (await RunOwner.create(join(out, "runs", `${runName(planRuns(suite)[index]!)}-engine00`)))!;
      const journal = new Journal(join(owner.path, "events.jsonl"));
      journal.append({ event: "attempt", ...begin, loadAverage: null });
      journal.append({ event: "end", status, message: null, peakMemoryBytes: null, loadAverage: null, cost: null });
      journal.close();
    }
    assert.deepEqual(await labels(), all.slice(2));
    assert.deepEqual(await labels(suite, true), all, "what is moved aside does not count");
    assert.deepEqual(await labels({ ...suite, title: "Another" }), [], "another suite's folder is refused anyway");
  }));
