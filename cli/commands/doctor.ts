/** doctor: what this machine can run, what is missing, how to get it. @module */

import config from "../../deno.json" with { type: "json" };
import { datasets } from "../../data/registry.ts";
import { formatBytes, NONE } from "../../report/format.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import type { Io } from "../io.ts";
import { fields, flag } from "../options.ts";
import { hardwareFacts } from "../permissions.ts";
import { green, red } from "../style.ts";
import { stateOf } from "./data.ts";

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; empty where nothing is to be done. */
  readonly advice: string;
}

export const doctor = defineCommand({
  name: "doctor",
  summary: "Say what this machine can run, what is missing and how to get it",
  description: "The exit code is 1 where no engine can run.",
  examples: [
    { command: "doctor", says: "for people" },
    { command: "doctor --json", says: "for a bug report" },
  ],
  parser: fields({ json: flag("--json", "Print one JSON document") }),
  permissions: (_options, { project, cache }) => ({
    read: [project, cache],
    sys: hardwareFacts,
    engine: { engine: "auto", precision: "f32" },
  }),
  async run({ json }, io) {
    const { hardwareRecord } = await import("../../backends/hardware.ts");
    const machine = await hardwareRecord();
    const engines = await engineFindings();
    const data = await dataFindings(io);
    const canRun = engines.some(({ ok }) => ok);
    const version = { program: config.version, deno: Deno.version.deno };
    if (json) {
      io.out.write(`${JSON.stringify({ canRun, version, machine, engines, data, cache: io.place.cache })}\n`);
      return canRun ? 0 : 1;
    }
    const memory = machine.memoryBytes === null ? NONE : formatBytes(machine.memoryBytes);
    const facts = [
      ["program", `yopo-bench ${version.program}, Deno ${version.deno}`],
      ["machine", `${machine.cpu ?? NONE}, ${machine.cores} cores, ${memory}, ${machine.os} ${machine.arch}`],
      ["cache", io.place.cache],
    ] as const;
    for (const [name, fact] of facts) io.out.write(`${name.padEnd(10)}${plainText(fact)}\n`);
    for (const finding of [...engines, ...data]) io.out.write(`${line(finding, io)}\n`);
    return canRun ? 0 : 1;
  },
});

async function engineFindings(): Promise<Finding[]> {
  const { engines } = await import("../../backends/registry.ts");
  return await Promise.all(engines.map(async ({ name, summary, available }) => {
    const state = await available();
    return state.available
      ? { what: `engine ${name}`, ok: true, found: summary, advice: "" }
      : { what: `engine ${name}`, ok: false, found: state.reason, advice: state.advice };
  }));
}

async function dataFindings(io: Io): Promise<Finding[]> {
  return await Promise.all(datasets.map(async (dataset) => {
    const state = await stateOf(dataset, io);
    const ok = state === "ready";
    const advice = ok ? "" : `run "yopo-bench data get ${dataset.name}"`;
    return { what: `data ${dataset.name}`, ok, found: state, advice };
  }));
}

function line({ what, ok, found, advice }: Finding, { out }: Io): string {
  const mark = ok ? green("yes", out.colors) : red("no ", out.colors);
  return `${mark}       ${what}: ${plainText(found)}${advice === "" ? "" : `; ${advice}`}`;
}
