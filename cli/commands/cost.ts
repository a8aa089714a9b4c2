/** cost: seconds per optimizer step. @module */

import { resolve } from "node:path";
import { UsageError } from "../../bench/usage_error.ts";
import type { CostReport } from "../../bench/on_team.ts";
import type { Named } from "../../bench/suite.ts";
import type { Comparison, PeerTime } from "../../bench/peer_times.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, readEngineRequest } from "../engine_options.ts";
import type { Io } from "../io.ts";
import { attack, integer, number, path, type Setting, setting, text } from "../kinds.ts";
import { named } from "../named.ts";
import { fields, flag, optionalValue, value, values } from "../options.ts";
import { hardwareFacts } from "../permissions.ts";
import { printAttackCost } from "../print_attack_cost.ts";
import { printCost } from "../print_cost.ts";
import { readBytes } from "../read_file.ts";

export const cost = defineCommand({
  name: "cost",
  summary: "Measure the seconds of one optimizer step, or of an attack",
  description:
    "Times whole steps on made-up images, after one that is not counted; loading is left out. GFLOP/s count convolutions and dense layers, and are set beside the matrix products that the same engine does on this machine. With --attack: seconds for each image that withstands the attack, beside the network passes that it is made of.",
  examples: [
    { command: "cost --method yopo-5-3", says: "the default network and batch" },
    { command: "cost --method pgd-40 --batch 256 --steps 5 --json", says: "one JSON line" },
    { command: "cost --method natural --batch 256 --vs torch.jsonl", says: "beside another program's times" },
    { command: "cost --method natural --profile", says: "where the time goes, by kernel" },
    { command: "cost --attack autoattack --batch 64", says: "an attack's bookkeeping beside its passes" },
  ],
  parser: fields({
    method: optionalValue("--method", text("METHOD"), "Training method, such as yopo-5-3; list methods names them"),
    attack: optionalValue("--attack", attack(), "Attack in a method's place; list attacks names them"),
    option: values("--option", setting(), "An option of the method"),
    model: value("--model", text("MODEL"), "Network; list models names them", "small-cnn"),
    modelOption: values("--model-option", setting(), "An option of the network"),
    eps: value("--eps", number({ above: 0, max: 1 }), "L∞ radius in pixel values of 0..1", 0.3),
    stepSize: optionalValue("--step-size", number({ above: 0 }), "Step size of the method's attack"),
    batch: value("--batch", integer({ min: 1, max: 65536 }), "Images of one step", 128),
    steps: value("--steps", integer({ min: 1, max: 100000 }), "Timed steps", 5),
    ...engineOptions,
    vs: optionalValue(
      "--vs",
      path("FILE"),
      "JSON lines of another program's times: framework, model, method, batch, layout, threads, secondsPerStep",
    ),
    profile: flag("--profile", "Print the seconds of each kernel as well"),
    json: flag("--json", "Print one JSON line"),
  }),
  check({ method, attack, vs, profile, modelOption }) {
    if ((method === undefined) === (attack === undefined)) {
      throw new UsageError("Cannot measure: give either --method METHOD or --attack ATTACK");
    }
    if (attack !== undefined && (vs !== undefined || profile)) {
      throw new UsageError("Cannot use --vs or --profile with --attack: they belong to --method");
    }
    if (vs === undefined || modelOption.length === 0) return;
    throw new UsageError("Cannot use --vs with --model-option: the file's lines do not tell a network's options");
  },
  permissions: ({ vs, ...engine }, { project, workingFolder }) => ({
    read: [project, ...(vs === undefined ? [] : [resolve(workingFolder, vs)])],
    sys: hardwareFacts,
    engine,
  }),
  async run({ json, batch, steps, stepSize, vs, profile, ...options }, io) {
    if (options.attack !== undefined) {
      return await costOfAttack({ ...options, attack: options.attack, json, batch }, io);
    }
    const { costConfig } = await import("../../bench/cost_config.ts");
    const { measureCost } = await import("../../bench/on_team.ts");
    const step = stepSize === undefined ? [] : [{ name: "stepSize", value: stepSize }];
    const asked = {
      model: named(options.model, options.modelOption, "--model-option"),
      method: named(options.method ?? "", [...step, ...options.option], "--step-size and --option"),
      threat: { norm: "linf" as const, epsilon: options.eps },
      batch,
      steps,
      profile,
    };
    const engine = await readEngineRequest(options);
    costConfig(asked); // wrong names are told before a wrong file is
    const work = { model: asked.model.name, method: asked.method.name, batch };
    const compare = vs === undefined ? null : await readComparison(vs, resolve(io.place.workingFolder, vs), work);
    const report: CostReport & { vs?: readonly Comparison[] } = await measureCost(engine, asked);
    if (compare !== null) report.vs = compare(report);
    if (json) io.out.write(`${JSON.stringify(report)}\n`);
    else printCost(report, io.out);
    return 0;
  },
});

async function costOfAttack(
  { attack, model, modelOption, batch, json, ...engine }: Parameters<typeof readEngineRequest>[0] & {
    readonly attack: Named;
    readonly model: string;
    readonly modelOption: readonly Setting[];
    readonly batch: number;
    readonly json: boolean;
  },
  io: Io,
): Promise<number> {
  const { measureAttackCost } = await import("../../bench/on_team.ts");
  const report = await measureAttackCost(await readEngineRequest(engine), {
    model: named(model, modelOption, "--model-option"),
    attack,
    norm: "linf",
    batch,
  });
  if (json) io.out.write(`${JSON.stringify(report)}\n`);
  else printAttackCost(report, io.out);
  return 0;
}

/** Reads the file before anything is measured. @throws {UsageError} When it cannot be read or holds nothing to compare with. */
async function readComparison(
  name: string,
  file: string,
  work: Pick<PeerTime, "model" | "method" | "batch">,
): Promise<(report: CostReport) => Comparison[]> {
  const { checkPeers, compareWith, readPeerTimes } = await import("../../bench/peer_times.ts");
  const peers = readPeerTimes(new TextDecoder().decode(await readBytes(file, "times")), name);
  checkPeers(peers, work, name);
  return (report) => compareWith(peers, report, name);
}
