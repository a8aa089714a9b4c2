/** status: how far the suite of a results folder has come. @module */

import { resolve } from "node:path";
import type { RunRecord } from "../../bench/result.ts";
import { formatPercent, formatSeconds } from "../../report/format.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { path } from "../kinds.ts";
import { argument, fields, flag } from "../options.ts";
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
  permissions: ({ folder }, { project, workingFolder }) => ({ read: [project, resolve(workingFolder, folder)] }),
  async run({ folder, json }, io) {
    const { collectResult } = await import("../../bench/collect.ts");
    const { isAtWork } = await import("../../bench/folder_lock.ts");
    const out = resolve(io.place.workingFolder, folder), atWork = await isAtWork(out);
    const { suite, runs } = await collectResult(out);
    const rows = runs.map((run) => statusOf(run, atWork));
    if (json) {
      io.out.write(`${JSON.stringify({ suite: suite.name, atWork, runs: rows })}\n`);
      return 0;
    }
    const done = rows.filter((row) => row.status === "completed").length;
    const program = atWork ? "a program is at work in it" : "no program is at work in it";
    io.out.write(
      `${plainText(`${suite.name} in ${shortPath(out, io)}: ${done} of ${rows.length} runs done, ${program}`)}\n`,
    );
    printTable(
      io.out,
      ["run", "seed", "status", "epoch", "training", "clean", "robust", "message"],
      rows.map(({ label, seed, status, epoch, epochs, trainSeconds, clean, robust, message }) => [
        ...[label, String(seed), status, epoch === null ? "" : `${Number(epoch.toFixed(2))} of ${epochs}`],
        trainSeconds === null ? "" : formatSeconds(trainSeconds),
        ...[clean, robust].map((accuracy) => accuracy === null ? "" : formatPercent(accuracy)),
        status === "running" ? "" : message ?? "",
      ]),
    );
    return 0;
  },
});

/** A run by its newest evaluation. A run without an end is at work where a program is, else it was killed. */
function statusOf({ label, seed, status, message, points, config, attempts }: RunRecord, atWork: boolean) {
  const point = points.at(-1);
  const isOpen = status === "interrupted" && attempts.at(-1)?.loadAverageAtEnd === null;
  return {
    ...{ label, seed, message, attempts: attempts.length, epochs: config.epochs },
    status: isOpen && atWork ? "running" as const : status,
    epoch: point?.epoch ?? null,
    trainSeconds: point?.trainSeconds ?? null,
    clean: point?.clean.accuracy ?? null,
    robust: point?.robust[0]?.accuracy ?? null,
  };
}
