/** evaluate: attacks on saved weights. @module */

import { resolve } from "node:path";
import type { EvaluationReport } from "../../bench/evaluate_weights.ts";
import type { Named } from "../../bench/suite.ts";
import type { ThreatModel } from "../../attacks/attack.ts";
import { UsageError } from "../../bench/usage_error.ts";
import { formatPercent } from "../../report/format.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, readEngineRequest } from "../engine_options.ts";
import type { Output } from "../io.ts";
import { integer, listOf, number, oneOf, path, setting, text } from "../kinds.ts";
import { liveDisplay, quietDisplay } from "../live_display.ts";
import { namedData } from "../named.ts";
import { argument, fields, flag, optionalValue, value, values } from "../options.ts";
import { hardwareFacts } from "../permissions.ts";
import { printTable } from "../print_table.ts";
import { readBytes } from "../read_file.ts";

const parser = fields({
  weights: argument(path("WEIGHTS"), "A .safetensors file from a results folder's runs/RUN/weights"),
  attack: value("--attack", listOf(text("ATTACK")), "Attacks, such as fgsm,pgd-40; list attacks names them", [
    "pgd-20",
  ]),
  eps: value("--eps", number({ above: 0, max: 100 }), "Radius in pixel values of 0..1; 8/255 may be written so", 0.3),
  norm: value("--norm", oneOf("linf", "l2"), "Norm of the radius", "linf"),
  stepSize: optionalValue("--step-size", number({ above: 0 }), "Step size of the attacks that have one"),
  restarts: optionalValue("--restarts", integer({ min: 1 }), "Restarts of the attacks that have them"),
  data: value("--data", text("DATA"), "Data set; list data names them", "mnist-embedded"),
  dataOption: values("--data-option", setting(), "An option of the data set"),
  split: value(
    "--split",
    oneOf("validation", "final"),
    "Images: validation, or the test or held-out ones",
    "validation",
  ),
  limit: optionalValue("--limit", integer({ min: 1 }), "The first so many images (default: all)"),
  batch: value("--batch", integer({ min: 1, max: 65536 }), "Images at a time; results do not depend on it", 100),
  seed: value("--seed", integer({ min: 0, max: 0xffffffff }), "Seed of the attacks' draws", 0),
  ...engineOptions,
  json: flag("--json", "Print one JSON document instead of the table"),
  quiet: flag("--quiet", "Show no progress"),
});

type Options = NonNullable<(typeof parser)["$valueType"][number]>;

export const evaluate = defineCommand<Options>({
  name: "evaluate",
  summary: "Attack saved weights and print the robust accuracy",
  examples: [
    { command: "evaluate last.safetensors --attack fgsm,pgd-40 --eps 0.2", says: "two attacks" },
    { command: "evaluate best.safetensors --attack pgd-100 --restarts 5 --limit 500", says: "a longer look" },
    { command: "evaluate last.safetensors --norm l2 --eps 2 --json", says: "for a program" },
  ],
  parser,
  permissions: ({ weights, ...engine }, { project, cache, workingFolder }) => ({
    read: [project, cache, resolve(workingFolder, weights)],
    sys: hardwareFacts,
    engine,
  }),
  async run(options, io) {
    const { evaluateWeights } = await import("../../bench/on_team.ts");
    const { split, limit, batch, seed, norm, eps } = options;
    const threat: ThreatModel = { norm, epsilon: eps };
    const engine = await readEngineRequest(options);
    const attacks = await namedAttacks(threat, options);
    const weights = await readBytes(resolve(io.place.workingFolder, options.weights), "weight file");
    const display = options.quiet ? quietDisplay : liveDisplay(io);
    let report: EvaluationReport;
    try {
      const data = namedData(options.data, options.dataOption, "--data-option");
      const rest = { split, batch, seed, ...(limit === undefined ? {} : { limit }), cache: io.place.cache };
      report = await evaluateWeights(
        engine,
        { weights, source: options.weights, data, threat, attacks, ...rest },
        display.observe,
      );
    } finally {
      display.clear();
    }
    if (options.json) io.out.write(`${JSON.stringify(report)}\n`);
    else printReport(report, io.out);
    return 0;
  },
});

/** --step-size and --restarts go to the attacks that know them. @throws {UsageError} When none does. */
async function namedAttacks(threat: ThreatModel, { attack, stepSize, restarts }: Options): Promise<Named[]> {
  const { findAttack } = await import("../../attacks/registry.ts");
  const given = Object.entries({ stepSize, restarts }).filter((entry): entry is [string, number] =>
    entry[1] !== undefined
  );
  const known = attack.map((name) => {
    try {
      return { name, resolved: findAttack(name, threat, {}, "--attack").resolved };
    } catch (error) {
      throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error;
    }
  });
  const useless = given.find(([key]) => known.every(({ resolved }) => !Object.hasOwn(resolved, key)));
  if (useless !== undefined) {
    throw new UsageError(
      `Cannot use ${useless[0]} ${useless[1]} with --attack ${attack.join(",")}: no such option there`,
    );
  }
  return known.map(({ name, resolved }) => ({
    name,
    options: Object.fromEntries(given.filter(([key]) => Object.hasOwn(resolved, key))),
  }));
}

function printReport(report: EvaluationReport, out: Output): void {
  const { clean, robust, attacks, engine } = report;
  const images = `${plainText(report.data)} ${report.split} images`;
  const computed = engine === null ? "" : `, engine ${engine.name} ${engine.precision}`;
  out.write(
    `${plainText(report.model.name)}, weights ${report.weightsSha256.slice(0, 12)}, ${images}${computed}\n`,
  );
  const row = (
    label: string,
    { accuracy, correct, count }: typeof clean,
  ) => [label, formatPercent(accuracy), `${correct} of ${count}`];
  printTable(out, ["attack", "accuracy", "images"], [
    row("none", clean),
    ...robust.map((entry) => row(attacks[entry.attack]?.label ?? entry.attack, entry)),
  ]);
}
