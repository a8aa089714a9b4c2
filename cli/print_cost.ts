/** What cost prints for a person. @module */

import type { CostReport } from "../bench/on_team.ts";
import type { Comparison } from "../bench/peer_times.ts";
import { digits, formatCount, formatPercent, formatRatio, formatSeconds } from "../report/format.ts";
import { twoColumns } from "./columns.ts";
import type { Output } from "./io.ts";
import { printTable } from "./print_table.ts";
import { bold } from "./style.ts";

/** Kernels in the table; the rest is summed up in one row. */
const MOST_KERNELS = 20;

/** Prints a heading, rows of facts, and the tables that were asked for. */
export function printCost(report: CostReport & { readonly vs?: readonly Comparison[] }, out: Output): void {
  out.write(`${bold(`${report.methodLabel} on ${report.model}, batch ${report.batch}`, out.colors)}\n`);
  out.write(`${twoColumns(facts(report), out.columns())}\n`);
  warnOfLoad(report, out);
  if (report.vs) printComparison(report.vs, report, out);
  if (report.profile) printProfile(report.profile, out);
}

/** Says where other programs were at work. */
export function warnOfLoad(
  { loadAverage, machine: { cores } }: Pick<CostReport, "loadAverage" | "machine">,
  out: Output,
) {
  if (loadAverage === null || cores === null || loadAverage <= cores) return;
  out.write(`warning: load ${loadAverage.toFixed(1)} on ${counted(cores, "core")} at the start; times are too long\n`);
}

function facts(report: CostReport): (readonly [string, string])[] {
  const { median, min, max } = report.secondsPerStep, { live } = report;
  return [
    ["engine", describeEngine(report.engine)],
    [
      "step",
      `${formatSeconds(median)} (${formatSeconds(min)} to ${formatSeconds(max)} in ${counted(report.steps, "step")})`,
    ],
    ["phases", describePhases(report)],
    ["passes", describePasses(report)],
    [
      "work",
      `${digits(report.gflopPerStep)} GFLOP a step, ${digits(report.gflopPerSecond)} GFLOP/s, ` +
      `${formatPercent(report.fractionOfGemm)} of this engine's matrix products ` +
      `(${digits(report.calibration.gemmGflops)} GFLOP/s)`,
    ],
    [
      "first step",
      `${formatSeconds(report.firstStepSeconds)}, done ${
        formatSeconds(report.startToFirstStepSeconds)
      } after the Worker's start`,
    ],
    [
      "memory",
      `at most ${formatMemory(report.peakMemoryBytes)} resident; ${counted(live.tensors, "tensor")} of ` +
      `${formatMemory(live.bytes)} between steps`,
    ],
  ];
}

export function describeEngine(
  { name, version, kernels, precision, workers, shards, settings = {} }: CostReport["engine"],
) {
  const parts = [`${name} (${version}, ${kernels})`, precision, counted(workers, "worker"), counted(shards, "shard")];
  return [...parts, ...Object.entries(settings).map(([key, value]) => `${key} ${value}`)].join(", ");
}

const PHASE_NAMES = {
  data: "data",
  attack: "attack",
  weightGradients: "weight gradients",
  optimizer: "optimizer",
  wait: "wait",
} as const;

/** Phases that took no time are left out. */
function describePhases({ phaseSeconds }: CostReport): string {
  return Object.entries(PHASE_NAMES).flatMap(([phase, name]) => {
    const seconds = phaseSeconds[phase as keyof typeof PHASE_NAMES];
    return seconds > 0 ? [`${name} ${formatSeconds(seconds)}`] : [];
  }).join(", ");
}

function describePasses({ passes, innerLoopInClosedForm }: CostReport): string {
  const { full, forward, firstLayerAdversary, firstLayerWeights } = passes;
  const counts = [[full, "full"], [forward, "forward"], [firstLayerAdversary + firstLayerWeights, "first-layer"]];
  const shown = counts.filter(([count]) => Number(count) > 0).map(([count, name]) =>
    `${formatCount(Number(count))} ${name}`
  );
  const inARound = formatCount(firstLayerAdversary / firstLayerWeights);
  const closed = innerLoopInClosedForm ? ` (${inARound} first-layer passes a round computed in closed form)` : "";
  return `${shown.join(", ")} a step${closed}`;
}

function printComparison(vs: readonly Comparison[], { secondsPerStep }: CostReport, out: Output): void {
  const ours = formatSeconds(secondsPerStep.median);
  printTable(
    out,
    ["other program", "its step", "this step", "ratio", "layout", "threads", "device"],
    vs.map(({ framework, secondsPerStep, ratio, layout, threads, device }) => [
      framework,
      formatSeconds(secondsPerStep),
      ours,
      formatRatio(ratio),
      layout,
      String(threads ?? ""),
      device,
    ]),
  );
}

function printProfile({ secondsPerStep, kernels }: NonNullable<CostReport["profile"]>, out: Output): void {
  const sum = (part: typeof kernels): number => part.reduce((total, { seconds }) => total + seconds, 0);
  const rest = kernels.slice(MOST_KERNELS);
  const row = (name: string, seconds: number, calls?: number, flops = 0): string[] => [
    name,
    formatPercent(seconds / secondsPerStep),
    formatSeconds(seconds),
    flops === 0 ? "" : digits(flops / seconds / 1e9),
    calls === undefined ? "" : formatCount(calls),
  ];
  printTable(out, ["kernel", "share", "a step", "GFLOP/s", "calls"], [
    ...kernels.slice(0, MOST_KERNELS).map(({ name, seconds, calls, flops }) => row(name, seconds, calls, flops)),
    ...(rest.length === 0 ? [] : [row(`${rest.length} smaller kernels`, sum(rest))]),
    row("outside of kernels", secondsPerStep - sum(kernels)),
  ]);
}

/** Megabytes show what a tensor too many costs; formatBytes is for whole machines. */
function formatMemory(bytes: number): string {
  return bytes < 2 ** 30 ? `${digits(bytes / 2 ** 20)} MiB` : `${digits(bytes / 2 ** 30)} GiB`;
}

function counted(count: number, name: string): string {
  return `${formatCount(count)} ${name}${count === 1 ? "" : "s"}`;
}
