/** The Slurm executor on a real Slurm of two nodes, with everything going wrong that goes wrong on a cluster. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { findingsIn, runOf, runSuiteProcess, writeSuite } from "./helpers/killed_runs.ts";
import { ended, launch } from "./helpers/launch.ts";
import { missingForLab, signalProcess, SlurmLab, until } from "./helpers/slurm_lab.ts";

const missing = await missingForLab();
const ignore = missing !== null, because = ignore ? ` (ignored: ${missing})` : "";

/** A command of the program that finds the lab; its output. */
function commandsIn(folder: string, lab: SlurmLab) {
  const env = { ...lab.env, PATH: Deno.env.get("PATH") ?? "", YOPO_BENCH_CACHE: folder };
  return async (...words: string[]) => await ended(launch(words, { cwd: folder, env }));
}

interface StatusRow {
  readonly label: string;
  readonly seed: number;
  readonly status: string;
  readonly task: string | null;
  readonly attempts: number;
  readonly holder: { readonly process: number } | null;
}

/** Two tasks at work, both in training: [on n1, on n2]. */
async function bothNodes(
  status: () => Promise<StatusRow[]>,
  without: readonly string[],
): Promise<[StatusRow, StatusRow]> {
  let found: (StatusRow | undefined)[] = [], rows: StatusRow[] = [];
  await until(async () => {
    rows = await status();
    const onNode = (node: string) =>
      rows.find((row) =>
        row.holder && row.task?.endsWith(`RUNNING ${node}`) && !without.includes(row.task.split(" ")[0]!)
      );
    found = [onNode("n1"), onNode("n2")];
    return found.every((row) => row !== undefined);
  }, "tasks train on both nodes").catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(rows)}`);
  });
  return found as [StatusRow, StatusRow];
}

Deno.test({
  name: `a job array comes to the local result bit for bit, whatever happens to nodes and tasks${because}`,
  ignore,
  fn: () =>
    withTemporaryFolder(async (folder) => {
      // About ten seconds each, so that faults meet runs in their middle.
      const epochs = { "natural": 2800, "fgsm": 2000, "pgd-2": 1400, "yopo-2-2": 1000 };
      const runs = Object.entries(epochs).map(([method, count]) => runOf(method, count));
      await writeSuite(folder, { seeds: [0, 1], runs });
      await using lab = await SlurmLab.start();
      const run = commandsIn(folder, lab), out = join(folder, "out");
      const submit = [
        "bench",
        "suite.json",
        "--out",
        "out",
        "--executor",
        "slurm",
        "--engine",
        "wasm",
        "--checkpoint-every",
        "1",
      ];
      const status = async (): Promise<StatusRow[]> => JSON.parse((await run("status", "out", "--json")).out).runs;

      const submitted = await run(...submit);
      assert.equal(submitted.code, 0, submitted.err);
      assert.match(submitted.out, /^Submitted job \d+: 8 runs of killed$/m);
      const again = await run(...submit);
      assert.match(again.out, /^Nothing to submit: 0 runs are done, 8 are in the queue$/m, again.err);

      const [killed, requeued] = await bothNodes(status, []);
      const gone = `${killed.task!.split(" ")[0]} FAILED`;
      await signalProcess(killed.holder!.process, "SIGKILL");
      // A task that ends while there is no controller may leave its node unusable.
      await until(async () => (await lab.queue()).some((line) => line.startsWith(gone)), "the killed task has failed");
      await lab.run("scontrol", ["requeue", requeued.task!.split(" ")[0]!]);
      const waits = `${requeued.task!.split(" ")[0]} PENDING`;
      await until(async () => (await lab.queue()).some((line) => line.startsWith(waits)), "the task is queued again");
      await lab.restartController();

      const [, lost] = await bothNodes(status, [killed, requeued].map(({ task }) => task!.split(" ")[0]!));
      // n1's task goes on without its daemon while Slurm queues it again.
      await lab.killDaemon("n1");
      await lab.killDaemon("n2");
      await signalProcess(lost.holder!.process, "SIGKILL");
      for (const node of ["n1", "n2"]) {
        await lab.run("scontrol", ["update", `nodename=${node}`, "state=down", "reason=test"]);
      }
      await until(
        async () => (await lab.queue()).filter((line) => /PENDING/.test(line)).length >= 2,
        "tasks are queued again",
      );
      await lab.startNode("n2");
      await lab.startNode("n1");
      await lab.untilIdle();

      const left = (await status()).filter((row) => row.status !== "completed");
      assert.deepEqual(
        left.map(({ label, seed }) => [label, seed]),
        [[killed.label, killed.seed]],
        `Slurm leaves a killed task: ${(await lab.queue()).join("; ")}`,
      );
      const collected = await run("collect", "out");
      assert.match(collected.out, /^1 of 8 runs are not done/m, collected.err);
      const resubmitted = await run(...submit);
      assert.match(resubmitted.out, /^Submitted job \d+: 1 run of killed, 7 done, 0 in the queue$/m, resubmitted.err);
      await lab.untilIdle();
      assert.equal((await run("collect", "out")).code, 0);
      const rows = await status(),
        attempts = (of: StatusRow) => rows.find(({ label, seed }) => label === of.label && seed === of.seed)!.attempts;
      assert.ok([killed, requeued, lost].every((row) => attempts(row) >= 2), JSON.stringify(rows));

      const local = await runSuiteProcess(folder, "local");
      assert.equal(local.code, 0, local.err);
      assert.equal(await findingsIn(out), await findingsIn(join(folder, "local")));
    }),
});

Deno.test({
  name:
    `a task leaves ahead of its time limit, is queued again and goes on; cancel ends one with a checkpoint${because}`,
  ignore,
  fn: () =>
    withTemporaryFolder(async (folder) => {
      await writeSuite(folder, { runs: [runOf("natural", 2800)] });
      await using lab = await SlurmLab.start();
      const run = commandsIn(folder, lab);
      const submit = async (out: string): Promise<string> => {
        const words = ["suite.json", "--out", out, "--executor", "slurm", "--engine", "wasm", "--slurm-signal", "30"];
        const { job } = JSON.parse((await run("bench", ...words, "--slurm-time", "10", "--json")).out);
        await until(async () => (await runOfFolder(run, out)).holder !== null, "the task trains");
        return job;
      };

      const job = await submit("limited");
      await lab.run("scancel", ["--batch", "--signal=USR1", `${job}_0`]); // what Slurm itself does 30 s before the limit
      await until(async () => (await lab.queue())[0]!.includes("PENDING"), "the task is queued again");
      await lab.untilIdle();
      const { status, attempts } = await runOfFolder(run, "limited");
      assert.deepEqual([status, attempts], ["completed", 2]);
      assert.match(
        await Deno.readTextFile(join(folder, `limited/slurm/${job}_0.log`)),
        /^out of time; asking for more$/m,
      );
      await run("collect", "limited");
      const { runs } = JSON.parse(await Deno.readTextFile(join(folder, "limited/result.json")));
      assert.ok(runs[0].attempts[1].fromStep > 0 && runs[0].attempts[1].downSeconds > 0);

      const other = await submit("cancelled");
      const said = await run("cancel", "cancelled");
      assert.equal(said.out, `asked 1 program at work to leave, cancelled job ${other}\n`, said.err);
      await lab.untilIdle();
      assert.match((await lab.queue()).join(), new RegExp(`${other}_0 CANCELLED`));
      assert.deepEqual((await runOfFolder(run, "cancelled")).status, "interrupted");
      const [name] = (await Array.fromAsync(Deno.readDir(join(folder, "cancelled/runs")))).map((entry) => entry.name);
      const files = (await Array.fromAsync(Deno.readDir(join(folder, "cancelled/runs", name!, "attempt-1")))).map((
        entry,
      ) => entry.name);
      assert.ok(files.some((file) => file.startsWith("checkpoint-")), files.join());
      assert.equal((await run("cancel", "cancelled")).out, "nobody was at work\n");
    }),
});

async function runOfFolder(run: ReturnType<typeof commandsIn>, out: string): Promise<StatusRow> {
  return JSON.parse((await run("status", out, "--json")).out).runs[0];
}
