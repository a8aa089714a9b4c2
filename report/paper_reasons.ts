/** Why a published figure and a measured one may not be comparable: what differs between the run and the paper's, as far
 *  as the record and suites/paper.json tell. @module */

import type { Result, RunRecord } from "../bench/result.ts";
import { attackOf } from "./attack_of.ts";
import { formatCount, formatValue } from "./format.ts";
import { scaleText } from "./scale_text.ts";

export type ReasonCode =
  | "not in the suite"
  | "not completed"
  | "few seeds"
  | "scaled"
  | "other network"
  | "other training data"
  | "other test images"
  | "recipe not published"
  | "other recipe"
  | "attack not run"
  | "attack not specified"
  | "other attack settings"
  | "not measured"
  | "other hardware";

export interface Reason {
  readonly code: ReasonCode;
  /** The facts: "55000 images, the paper trains on 60000". */
  readonly detail: string;
}

/** One table or figure of the paper, as the record carries it. */
export type Paper = NonNullable<Result["suite"]["paper"]>;
export type PaperRow = Paper["rows"][number];

type Options = Readonly<Record<string, unknown>>;

/** Decimals of a suite, such as 0.00784, stand for fractions of 255. */
const TOLERANCE = 1e-3;

/** Whether two option values mean the same. */
export function sameValue(one: unknown, other: unknown): boolean {
  return typeof one === "number" && typeof other === "number"
    ? Math.abs(one - other) <= TOLERANCE * Math.max(Math.abs(one), Math.abs(other))
    : JSON.stringify(one) === JSON.stringify(other);
}

/** What keeps any figure of the row from being comparable: network, data, schedule, scale. */
export function trainingReasons(result: Result, paper: Paper, row: PaperRow): Reason[] {
  const runs = result.runs.filter(({ label }) => label === row.run);
  const [first] = runs;
  if (first === undefined) return [{ code: "not in the suite", detail: `no run called ${row.run}` }];
  const reasons: Reason[] = [];
  const scale = scaleText(result.suite);
  if (scale !== null) reasons.push({ code: "scaled", detail: scale });
  const left = runs.filter(({ status }) => status !== "completed").length;
  if (left > 0) reasons.push({ code: "not completed", detail: `${left} of ${runs.length} runs of ${row.run}` });
  const known = runs.find(({ counts, parameters }) => counts !== null && parameters !== null);
  if (known) reasons.push(...networkReasons(paper, known), ...dataReasons(result, paper, known));
  return [...reasons, ...recipeReasons(result, row, first)];
}

function networkReasons({ model }: Paper, { parameters, config }: RunRecord): Reason[] {
  if (parameters === model.parameters) return [];
  const detail =
    `${config.model.name} with ${parameters} parameters, the paper's ${model.name} has ${model.parameters}`;
  return [{ code: "other network", detail }];
}

function dataReasons({ suite }: Result, { data }: Paper, { counts, config }: RunRecord): Reason[] {
  const differences = [];
  if (slug(config.data.name) !== slug(data.name)) differences.push(`${config.data.name}, the paper has ${data.name}`);
  if (counts !== null && counts.train !== data.trainImages && (suite.scaled?.data ?? 1) === 1) {
    differences.push(`trained on ${counts.train} of the ${data.trainImages} images that the paper trains on`);
  }
  if (config.augmentation !== data.augmentation) {
    differences.push(`augmentation ${config.augmentation}, the paper's is ${data.augmentation}`);
  }
  return differences.length === 0 ? [] : [{ code: "other training data", detail: differences.join("; ") }];
}

/** "CIFAR-10" and "cifar10" are one. */
function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function recipeReasons({ suite }: Result, { run, recipe }: PaperRow, { config }: RunRecord): Reason[] {
  if (recipe === null) return [{ code: "recipe not published", detail: `ours stands in for that of ${run}` }];
  const differences = [
    ...different("", { method: recipe.method.name, batch: recipe.batch }, {
      method: config.method.name,
      batch: config.batch,
    }),
    ...different("", recipe.method.options, config.method.options),
    ...different("", flat(recipe.optimizer), flat(config.optimizer)),
    ...(recipe.firstLayerOptimizer === null && config.firstLayerOptimizer === null ? [] : different(
      "first layer's ",
      flat(recipe.firstLayerOptimizer ?? recipe.optimizer),
      flat(config.firstLayerOptimizer ?? config.optimizer),
    )),
    ...different("", { epochs: recipe.epochs }, { epochs: config.epochs }),
  ].filter(({ key }) => (suite.scaled?.epochs ?? 1) === 1 || !["epochs", "milestones"].includes(key));
  if (differences.length === 0) return [];
  return [{ code: "other recipe", detail: `${run}: ${differences.map(({ text }) => text).join("; ")}` }];
}

function flat({ schedule, ...rest }: RunRecord["config"]["optimizer"]): Options {
  const { kind, ...numbers } = schedule;
  return { optimizer: rest.kind, ...rest, kind: undefined, schedule: kind, ...numbers };
}

/** What the paper states and the run has otherwise. */
function different(of: string, theirs: Options, ours: Options): { key: string; text: string }[] {
  return Object.entries(theirs).filter(([key, value]) => !sameValue(value, ours[key])).map(([key, value]) => ({
    key,
    text: `${of}${key} ${shown(ours[key])} where the paper has ${shown(value)}`,
  }));
}

function shown(value: unknown): string {
  return value === undefined
    ? "none"
    : typeof value === "number"
    ? String(Number(value.toPrecision(4)))
    : formatValue(value);
}

/** Which of our attacks stands for one of the paper's, and what differs. */
export interface AttackMatch {
  /** Key in the result's attacks; null where the suite has none. */
  readonly key: string | null;
  readonly reasons: readonly Reason[];
}

/** @param keys Keys of the attacks to choose from */
export function matchAttack(result: Result, paper: Paper, name: string, keys: readonly string[]): AttackMatch {
  const wanted = paper.attacks.find(({ attack }) => attack === name);
  const differencesOf = (key: string) => different("", wanted?.options ?? {}, attackOf(result, key)?.resolved ?? {});
  if (wanted === undefined || wanted.name === null) {
    const ours = (key: string) => attackOf(result, key)?.name.startsWith(name.toLowerCase()) ?? false;
    const key = keys.find(ours) ?? keys.find((other) => wanted && differencesOf(other).length === 0) ?? null;
    if (key === null) return { key, reasons: [{ code: "attack not run", detail: `the suite has no ${name}` }] };
    const detail = `the paper does not define its ${name}; ours is ${attackOf(result, key)?.label}`;
    return { key, reasons: [{ code: "attack not specified", detail }] };
  }
  const named = keys.filter((key) => attackOf(result, key)?.name === wanted.name);
  const key = named.find((other) => differencesOf(other).length === 0) ?? named[0] ?? null;
  if (key === null) return { key, reasons: [{ code: "attack not run", detail: `the suite has no ${name}` }] };
  const differences = differencesOf(key).map(({ text }) => text);
  const { norm, epsilon } = result.suite.threat;
  if (norm !== "linf" || !sameValue(epsilon, wanted.epsilon)) {
    differences.push(`ε ${formatValue(epsilon)} (${norm}) where the paper has ${formatValue(wanted.epsilon)} (linf)`);
  }
  const detail = `${name}: ${differences.join("; ")}`;
  return { key, reasons: differences.length === 0 ? [] : [{ code: "other attack settings", detail }] };
}

/** Whether accuracies are on the images that the paper judges on. @param count Images that were judged */
export function imageReasons({ data }: Paper, split: string, count: number): Reason[] {
  if (split === "test" && count === data.testImages) return [];
  const detail = `${formatCount(count)} ${split} images where the paper has ${data.testImages} test images`;
  return [{ code: "other test images", detail }];
}
