/** status: how far the suite of a results folder has come. @module */

import { resolve } from "node:path";
import type { RunRecord } from "../../bench/result.ts";
import type { Holder } from "../../bench/run_owner.ts";
import { type ClusterTask, watchPrograms } from "../../bench/slurm/slurm_commands.ts";
import { formatPercent, formatSeconds } from "../../report/format.ts";
import { plainText } from "../../report/plain_text.ts";
import { complain } from "../complain.ts";
import { defineCommand } from "../command.ts";
import { path } from "../kinds.ts";
import { argument, fields, flag } from "../options.ts";
import { ownerFacts } from "../permissions.ts";
import { printTable } from "../print_table.ts";
import { shortPath } from "../short_path.ts";

export const status = defineCommand({
  name: "status",
  summary: "Say how far the suite of a results folder has come",
  description: "Reads the journals, also while another program is at work in the folder, and writes nothing.",
  examples: [
    { command: "status results/quick", says: "from another terminal" },
    { command: "status results/quick --json", says: "for a program" },
  ],
  parser: fields({
    folder: argument(path("DIR"), "A results folder"),
    json: flag("--json", "Print one JSON document instead of the table"),
  }),
  permissions: ({ folder }, { project, workingFolder }) => ({
    read: [project, resolve(workingFolder, folder)],
    sys: ownerFacts,
    run: watchPrograms,
  }),
  async run({ folder, json }, io) {
    const { collectResult } = await import("../../bench/collect.ts");
    const { clusterView } = await import("../../bench/slurm/cluster_tasks.ts");
    const { runName } = await import("../../bench/run_config.ts");
    const { findHolders } = await import("../../bench/find_holders.ts");
    const out = resolve(io.place.workingFolder, folder), holders = await findHolders(out);
    const { suite, runs } = await collectResult(out);
    const cluster = await clusterView(out);
    const rows = runs.map((run) => statusOf(run, holders.get(run.id), cluster.tasks.get(runName(run))));
    const atWork = rows.some(({ holder }) => holder !== null);
    if (json) {
      io.out.write(`${JSON.stringify({ suite: suite.name, atWork, slurm: cluster.problem, runs: rows })}\n`);
      return 0;
    }
    const done = rows.filter((row) => row.status === "completed").length;
    const program = describeWork(rows.flatMap(({ holder }) => holder ?? []));
    io.out.write(
      `${plainText(`${suite.name} in ${shortPath(out, io)}: ${done} of ${rows.length} runs done, ${program}`)}\n`,
    );
    if (cluster.problem !== null) complain(io.err, `Cannot ask Slurm: ${cluster.problem}`);
    const hasJobs = cluster.submissions.length > 0;
    printTable(
      io.out,
      ["run", "seed", ...hasJobs ? ["job"] : [], "status", "epoch", "training", "clean", "robust", "message"],
      rows.map(({ label, seed, task, status, holder, epoch, epochs, trainSeconds, clean, robust, message }) => [
        ...[
          label,
          String(seed),
          ...hasJobs ? [task ?? ""] : [],
          status,
          epoch === null ? "" : `${Number(epoch.toFixed(2))} of ${epochs}`,
        ],
        trainSeconds === null ? "" : formatSeconds(trainSeconds),
        ...[clean, robust].map((accuracy) => accuracy === null ? "" : formatPercent(accuracy)),
        holder !== null && holder.silentSeconds > 30
          ? `no sign for ${formatSeconds(holder.silentSeconds)}`
          : message ?? "",
      ]),
    );
    return 0;
  },
});

/** Who works on a run, as far as can be told from here. */
interface HolderStatus {
  readonly host: string | null;
  readonly process: number;
  /** Seconds since its last sign, by the clocks of both hosts. */
  readonly silentSeconds: number;
}

/** "host node1 (process 12) is at work", or "nobody is at work in it". */
function describeWork(holders: readonly HolderStatus[]): string {
  if (holders.length === 0) return "no program is at work in it";
  const names = holders.map(({ host, process }) => `process ${process}${host === null ? "" : ` on ${host}`}`);
  return `at work: ${[...new Set(names)].join(", ")}`;
}

/** A run by its newest evaluation. */
function statusOf(run: RunRecord, holder: Holder | undefined, task: ClusterTask | undefined) {
  const { label, seed, status, message, points, config, attempts } = run, point = points.at(-1);
  const running = holder !== undefined && status === "interrupted";
  return {
    ...{ label, seed, message: running ? null : message, attempts: attempts.length, epochs: config.epochs },
    status: running ? "running" as const : status,
    holder: running ? holderStatus(holder) : null,
    task: task === undefined ? null : `${task.job}_${task.index} ${task.state} ${task.node}`.trim(),
    epoch: point?.epoch ?? null,
    trainSeconds: point?.trainSeconds ?? null,
    clean: point?.clean.accuracy ?? null,
    robust: point?.robust[0]?.accuracy ?? null,
  };
}

function holderStatus({ host, process, at }: Holder): HolderStatus {
  return { host, process, silentSeconds: Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1000)) };
}
