/** The Markdown report's reference sections: recipes, machines and versions, seeds, data and hashes. @module */

import type { Machine, Result, RunRecord } from "../bench/result.ts";
import { digits, formatBytes, formatCount, NONE } from "./format.ts";
import { formatOptions } from "./markdown_attacks.ts";
import { escapeMarkdown, list, table } from "./markdown_text.ts";
import { spreadOver, type SummaryRow } from "./summarize.ts";

type Optimizer = RunRecord["config"]["optimizer"];
type Attempt = RunRecord["attempts"][number];

export function recipeSection(result: Result, rows: readonly SummaryRow[]): string {
  const named = rows.some(({ first }) => typeof first.preset === "string");
  const columns = [
    { heading: "Run" },
    ...(named ? [{ heading: "Preset" }] : []),
    { heading: "Method" },
    { heading: "Optimizer" },
    { heading: "Learning rate", numeric: true },
    { heading: "Schedule" },
    { heading: "First layer" },
    { heading: "Batch", numeric: true },
    { heading: "Epochs", numeric: true },
    { heading: "Method's options" },
    { heading: "Note" },
  ];
  const cells = rows.map(({ label, methodLabel, note, first: { config, preset } }) => [
    `**${escapeMarkdown(label)}**`,
    ...(named ? [preset ? escapeMarkdown(preset) : NONE] : []),
    escapeMarkdown(methodLabel),
    formatOptimizer(config.optimizer),
    String(config.optimizer.learningRate),
    formatSchedule(config.optimizer),
    config.firstLayerOptimizer === null ? "the same" : formatOptimizer(config.firstLayerOptimizer) +
      `, rate ${config.firstLayerOptimizer.learningRate}, ${formatSchedule(config.firstLayerOptimizer)}`,
    String(config.batch),
    formatCount(config.epochs),
    formatOptions(config.method.options),
    note === null ? NONE : escapeMarkdown(note),
  ]);
  const about = result.suite.description === ""
    ? ""
    : `About this suite: ${escapeMarkdown(result.suite.description)}\n\n`;
  return `## Recipes\n\n${about}${table(columns, cells)}`;
}

function formatOptimizer(optimizer: Optimizer): string {
  const decay = optimizer.weightDecay === 0 ? "" : `, weight decay ${optimizer.weightDecay}`;
  return optimizer.kind === "sgd" ? `SGD, momentum ${optimizer.momentum}${decay}` : `Adam${decay}`;
}

function formatSchedule({ schedule }: Optimizer): string {
  switch (schedule.kind) {
    case "constant":
      return "constant";
    case "piecewise":
      return `×${schedule.factor} at epoch ${schedule.milestones.join(", ")}`;
    case "cyclic":
      return `linear up until ${formatCount(schedule.peakAt * 100)} % of the run, then down`;
  }
}

export function machineSection(result: Result): string {
  const columns = [
    "CPU",
    "Cores",
    "Memory",
    "GPU",
    "System",
    "Load at start",
    "Load at end",
    "Float32 matrix product",
    "Versions",
  ].map((heading) => ({ heading }));
  const cells = result.machines.map((machine) => [
    machine.cpu === null ? NONE : escapeMarkdown(machine.cpu),
    machine.cores === null ? NONE : String(machine.cores),
    machine.memoryBytes === null ? NONE : formatBytes(machine.memoryBytes),
    machine.gpu === null ? NONE : escapeMarkdown(machine.gpu),
    escapeMarkdown([machine.os, machine.osRelease ?? "", machine.arch].join(" ")),
    loadRange(result, machine, (attempt) => attempt.loadAverageAtStart),
    loadRange(result, machine, (attempt) => attempt.loadAverageAtEnd),
    machine.calibration === null ? NONE : `${digits(machine.calibration.gemmGflops)} GFLOP/s`,
    escapeMarkdown(`Deno ${machine.deno}, V8 ${machine.v8}, TensorFlow.js ${machine.tfjs}`),
  ]);
  const engines = new Set(result.runs.flatMap(({ engine, config }) => {
    return engine === null ? [] : [engineLine(engine, config.dtype)];
  }));
  const load =
    "Load at the start and at the end of a run: mean number of busy or waiting threads in the minute before, " +
    "from the smallest to the largest over the runs, with this program's own share.";
  return `## Hardware and versions\n\n${table(columns, cells)}\n\n${list([load, ...engines])}`;
}

/** Everything that is known of an engine. */
export function engineLine(engine: NonNullable<RunRecord["engine"]>, dtype: string): string {
  const { name, version, kernels, precision, workers, shards, settings = {}, reason } = engine;
  const facts = [
    `Engine ${name} ${version}`,
    `kernels ${kernels}`,
    `precision ${precision} (${dtype})`,
    `workers ${workers}`,
    `shards ${shards}`,
    ...Object.entries(settings).map(([key, value]) => `${key} ${value}`),
  ].join(", ");
  return escapeMarkdown(reason === undefined ? facts : `${facts}. Chosen because: ${reason}`);
}

/** "0.13", or "0.13 to 2.41" over the runs on one machine. */
function loadRange(result: Result, { id }: Machine, value: (attempt: Attempt) => number | null): string {
  const here = result.runs.flatMap((run) => run.attempts).filter(({ machine }) => machine === id);
  const loads = spreadOver(here.map(value));
  if (loads === null) return NONE;
  const [least, most] = [loads.min.toFixed(2), loads.max.toFixed(2)];
  return least === most ? least : `${least} to ${most}`;
}

export function identitySection(result: Result): string {
  const columns = [
    { heading: "Run" },
    { heading: "Seed", numeric: true },
    { heading: "State" },
    { heading: "Steps", numeric: true },
    { heading: "Peak memory", numeric: true },
    { heading: "weightsSha256 (last)" },
  ];
  const cells = result.runs.map((run) => [
    `**${escapeMarkdown(run.label)}**`,
    String(run.seed),
    run.status,
    `${run.points.at(-1)?.step ?? 0} of ${run.totalSteps ?? NONE}`,
    run.peakMemoryBytes === null ? NONE : formatBytes(run.peakMemoryBytes),
    run.weightsSha256 === null ? NONE : `\`${run.weightsSha256}\``,
  ]);
  const memory = "Peak memory: the largest resident memory of the whole process, all its workers, sampled after steps.";
  return `## Seeds, data and weights\n\n${list([...dataLines(result), ...modelLines(result), memory])}\n\n${
    table(columns, cells)
  }`;
}

/** Usually one line: all runs of a suite share their data. */
function dataLines(result: Result): Set<string> {
  return new Set(
    begun(result).map(({ config, counts, dataSha256 }) => {
      const split = counts === null
        ? ""
        : `: ${counts.train} to train, ${counts.validation} to validate, ${counts.final} at the end`;
      const hash = dataSha256 === null ? "" : `; dataSha256 \`${dataSha256}\``;
      return `Data ${escapeMarkdown(config.data.name)} (options: ${formatOptions(config.data.options)})${split}${hash}`;
    }),
  );
}

function modelLines(result: Result): Set<string> {
  return new Set(
    begun(result).map(({ config, parameters }) => {
      const size = parameters === null ? "" : `, ${parameters} parameters`;
      const norm = config.threat.norm === "linf" ? "L∞" : "L2";
      return `Model ${escapeMarkdown(config.model.name)} (options: ${formatOptions(config.model.options)})${size}; ` +
        `threat ${norm}, ε = ${config.threat.epsilon}; augmentation ${config.augmentation}`;
    }),
  );
}

/** Runs that got as far as opening their data; all of them where none did. */
function begun(result: Result): readonly RunRecord[] {
  const runs = result.runs.filter((run) => run.dataSha256 !== null && run.parameters !== null);
  return runs.length > 0 ? runs : result.runs;
}
