/** evaluate: attacks on saved weights. @module */

import { join, resolve } from "node:path";
import type { AttackedImages, EvaluationOutcome } from "../../bench/evaluate_into.ts";
import type { EvaluateOptions } from "../../bench/evaluate_weights.ts";
import type { EngineRequest } from "../../bench/engine_request.ts";
import type { Observe } from "../../bench/progress.ts";
import type { Named } from "../../bench/suite.ts";
import type { ThreatModel } from "../../attacks/attack.ts";
import { asUsage, UsageError } from "../../bench/usage_error.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { complain } from "../complain.ts";
import { engineOptions, readEngineRequest } from "../engine_options.ts";
import type { Io } from "../io.ts";
import { attack, integer, listOf, number, oneOf, path, setting, text } from "../kinds.ts";
import { liveDisplay, quietDisplay } from "../live_display.ts";
import { named, namedData } from "../named.ts";
import { argument, fields, flag, optionalValue, value, values } from "../options.ts";
import { hardwareFacts } from "../permissions.ts";
import { printEvaluation } from "../print_evaluation.ts";
import { readBytes } from "../read_file.ts";
import { shortPath } from "../short_path.ts";

const parser = fields({
  weights: argument(
    path("WEIGHTS"),
    "A .safetensors file: from a results folder's runs/RUN/weights, or a PyTorch state_dict",
  ),
  model: optionalValue("--model", text("MODEL"), "Network of a PyTorch file (default: told by its names)"),
  modelOption: values("--model-option", setting(), "An option of the network that a PyTorch file does not tell"),
  attack: value(
    "--attack",
    listOf(attack()),
    "Attacks, such as fgsm,pgd-50:restarts=10 (see: list attacks)",
    [{ name: "fgsm", options: {} }, { name: "pgd-20", options: {} }],
  ),
  eps: value("--eps", number({ above: 0, max: 100 }), "Radius in pixel values of 0..1; 8/255 may be written so", 0.3),
  norm: value("--norm", oneOf("linf", "l2"), "Norm of the radius", "linf"),
  stepSize: optionalValue("--step-size", number({ above: 0 }), "Step size of the attacks that have one"),
  restarts: optionalValue("--restarts", integer({ min: 1 }), "Restarts of the attacks that have them"),
  curve: flag("--curve", "Accuracy against ε as well: 0, a quarter to two times ε, and 0.5 in linf"),
  curveEps: optionalValue(
    "--curve-eps",
    listOf(number({ min: 0, max: 100 })),
    "Radii of --curve instead of those",
  ),
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
  out: optionalValue(
    "--out",
    path("DIR"),
    "Folder for the record and its report; the same command goes on there after a kill",
  ),
  saveImages: flag("--save-images", "Keep the adversarial images in --out, with a contact sheet of each attack"),
  json: flag("--json", "Print one JSON document instead of the table"),
  quiet: flag("--quiet", "Show no progress"),
});

type Options = NonNullable<(typeof parser)["$valueType"][number]>;

export const evaluate = defineCommand<Options>({
  name: "evaluate",
  summary: "Attack saved weights and print the robust accuracy",
  examples: [
    { command: "evaluate last.safetensors --attack fgsm,pgd-40 --eps 0.2", says: "two attacks" },
    {
      command: "evaluate best.safetensors --attack pgd-50:restarts=10,fast --limit 500",
      says: "ten restarts, and two stages of AutoAttack",
    },
    {
      command: "evaluate resnet.safetensors --data cifar10 --eps 8/255 --attack autoattack --out results/aa",
      says: "a PyTorch network; goes on after a kill",
    },
    { command: "evaluate last.safetensors --norm l2 --eps 2 --curve --json", says: "for a program" },
  ],
  parser,
  check({ out, saveImages, curve, curveEps }) {
    if (saveImages && out === undefined) {
      throw new UsageError("Cannot use --save-images without --out DIR: the images need a folder");
    }
    if (curveEps !== undefined && !curve) {
      throw new UsageError("Cannot use --curve-eps without --curve: it says at which radii");
    }
  },
  permissions: ({ weights, out, ...engine }, { project, cache, workingFolder }) => ({
    read: [
      project,
      cache,
      resolve(workingFolder, weights),
      ...(out === undefined ? [] : [resolve(workingFolder, out)]),
    ],
    ...(out === undefined ? {} : { write: [resolve(workingFolder, out)] }),
    sys: hardwareFacts,
    engine,
  }),
  async run(options, io) {
    const signal = io.interruptible();
    const display = options.quiet ? quietDisplay : liveDisplay(io);
    let outcome: EvaluationOutcome;
    try {
      outcome = await work(options, io, display.observe, signal);
    } finally {
      display.clear();
    }
    if (outcome.status === "interrupted") {
      complain(io.err, stopText(outcome.batches, options, io));
      return 130;
    }
    const { record } = outcome;
    if (options.json) io.out.write(`${JSON.stringify(record)}\n`);
    else printEvaluation(record, io.out);
    if (options.out !== undefined && !options.json) {
      io.out.write(`Report ${plainText(shortPath(resolve(io.place.workingFolder, options.out, "report.md"), io))}\n`);
    }
    return 0;
  },
});

/** Evaluates, and where a folder is asked for writes all that belongs there. */
async function work(options: Options, io: Io, observe: Observe, signal: AbortSignal): Promise<EvaluationOutcome> {
  const engine = await readEngineRequest(options), asked = await readOptions(options, io);
  if (options.out === undefined) return await evaluateOnly(engine, asked, observe, signal);
  const { evaluateInto } = await import("../../bench/evaluate_into.ts");
  const { writeEvaluationReport } = await import("../../report/write_evaluation.ts");
  const out = resolve(io.place.workingFolder, options.out);
  const place = { out, ...(options.saveImages ? { onImages: contactSheets(out, asked.threat) } : {}) };
  const outcome = await evaluateInto(engine, asked, place, observe, signal);
  if (outcome.status === "complete") await writeEvaluationReport(out, outcome.record);
  return outcome;
}

/** Evaluates and keeps nothing. */
async function evaluateOnly(
  engine: EngineRequest,
  asked: EvaluateOptions,
  observe: Observe,
  signal: AbortSignal,
): Promise<EvaluationOutcome> {
  const { evaluateWeights } = await import("../../bench/on_team.ts");
  try {
    return { status: "complete", record: await evaluateWeights(engine, asked, observe, signal) };
  } catch (error) {
    if (error !== signal.reason) throw error;
    return { status: "interrupted", batches: 0 };
  }
}

function stopText(batches: number, { out }: Options, io: Io): string {
  if (out === undefined) return "Stopped; nothing was kept: with --out DIR the same command goes on after a stop";
  const folder = shortPath(resolve(io.place.workingFolder, out), io);
  return `Stopped; the same command goes on from ${batches} ${batches === 1 ? "batch" : "batches"} in ${folder}`;
}

async function readOptions(options: Options, io: Io): Promise<EvaluateOptions> {
  const { split, limit, batch, seed, norm, eps } = options;
  const threat: ThreatModel = { norm, epsilon: eps };
  const attacks = await namedAttacks(threat, options);
  const model = options.model === undefined ? {} : { model: options.model };
  const { options: modelOptions } = named("", options.modelOption, "--model-option");
  const given = { ...model, ...(options.modelOption.length === 0 ? {} : { options: modelOptions }) };
  return {
    weights: await readBytes(resolve(io.place.workingFolder, options.weights), "weight file"),
    source: options.weights,
    given,
    data: namedData(options.data, options.dataOption, "--data-option"),
    threat,
    attacks,
    curve: options.curve ? options.curveEps ?? usualRadii(threat) : [],
    ...{ split, batch, seed, ...(limit === undefined ? {} : { limit }), cache: io.place.cache },
  };
}

/** From no attack to twice ε; in L∞ also 0.5, which no honest network withstands. */
function usualRadii({ norm, epsilon }: ThreatModel): number[] {
  const radii = [0, 0.25, 0.5, 0.75, 1, 1.5, 2].map((factor) => factor * epsilon);
  return norm === "linf" ? [...radii.filter((radius) => radius < 0.5), 0.5] : radii;
}

/** Writes a picture of each attack's first images. */
function contactSheets(out: string, { norm, epsilon }: ThreatModel) {
  return async ({ key, label, images, shape }: AttackedImages): Promise<void> => {
    if (images.length === 0) return;
    const { contactSheet } = await import("../../report/contact_sheet.ts");
    const { svgToPng } = await import("../../report/png.ts");
    const { atomicWrite } = await import("../../files/atomic_write.ts");
    const sheet = contactSheet({ images, shape, title: label, epsilon, norm });
    await atomicWrite(join(out, `adversarial-${key}.png`), await svgToPng(sheet));
  };
}

/** --step-size and --restarts go to the attacks that know them and do not say otherwise. @throws {UsageError} When none does. */
async function namedAttacks(threat: ThreatModel, { attack, stepSize, restarts }: Options): Promise<Named[]> {
  const { findAttack } = await import("../../attacks/registry.ts");
  const { checkThreatModel } = await import("../../attacks/threat_model.ts");
  const given = Object.entries({ stepSize, restarts }).filter((entry): entry is [string, number] =>
    entry[1] !== undefined
  );
  asUsage("--eps", () => checkThreatModel(threat));
  const known = attack.map(({ name, options }) =>
    asUsage("--attack", () => ({ name, options, resolved: findAttack(name, threat, options).resolved }))
  );
  const useless = given.find(([key]) => known.every(({ resolved }) => !Object.hasOwn(resolved, key)));
  if (useless !== undefined) {
    const flags: Record<string, string> = { stepSize: "--step-size", restarts: "--restarts" };
    const names = attack.map(({ name }) => name).join(",");
    throw new UsageError(`Cannot use ${flags[useless[0]]} ${useless[1]} with --attack ${names}: no such option there`);
  }
  return known.map(({ name, options, resolved }) => ({
    name,
    options: { ...Object.fromEntries(given.filter(([key]) => Object.hasOwn(resolved, key))), ...options },
  }));
}
