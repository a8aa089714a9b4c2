/** AutoAttack (Croce and Hein 2020, arXiv:2003.01690): parameter-free attacks in a row, the worst case for each image. The
 *  versions and every default are those of the public code (fra31/auto-attack, autoattack.py). What is cheaper than that has
 *  a name of its own, and its label never says AutoAttack. @module */

import { resolveOptions, text } from "../models/options.ts";
import { apgdCeAttack, apgdDlrAttack } from "./apgd.ts";
import { apgdTAttack } from "./apgd_targeted.ts";
import type { Attack, AttackDefinition, ThreatModel } from "./attack.ts";
import { ensemble } from "./ensemble.ts";
import { fabAttack, fabTAttack } from "./fab.ts";
import { squareAttack } from "./square.ts";
import { checkThreatModel, formatThreatModel } from "./threat_model.ts";

/** A stage before it meets a threat model: a definition and the options that differ from its defaults. */
type Stage = readonly [AttackDefinition, Readonly<Record<string, number>>];

const STANDARD: readonly Stage[] = [[apgdCeAttack, {}], [apgdTAttack, {}], [fabTAttack, {}], [squareAttack, {}]];

const PLUS: readonly Stage[] = [
  [apgdCeAttack, { restarts: 5 }],
  [apgdDlrAttack, { restarts: 5 }],
  [fabAttack, { restarts: 5 }],
  [squareAttack, {}],
  [apgdTAttack, {}],
  [fabTAttack, {}],
];

const RAND: readonly Stage[] = [[apgdCeAttack, { eotSamples: 20 }], [apgdDlrAttack, { eotSamples: 20 }]];

const FAST: readonly Stage[] = [[apgdCeAttack, {}], [apgdTAttack, {}]];

/** AutoAttack as leaderboards use it. */
export const autoattackStandard = version("autoattack", "AutoAttack standard", STANDARD, {
  summary: "AutoAttack standard: APGD-CE, APGD-T, FAB-T, Square, each on what the others left",
});

/** More restarts and the untargeted attacks too. */
export const autoattackPlus = version("autoattack-plus", "AutoAttack plus", PLUS, {
  summary: "AutoAttack plus: 5 restarts of APGD-CE, APGD-DLR and FAB, then Square, APGD-T, FAB-T",
});

/** For networks that draw random numbers when they answer. */
export const autoattackRand = version("autoattack-rand", "AutoAttack rand", RAND, {
  summary: "AutoAttack rand, for randomised networks: APGD-CE and APGD-DLR, each gradient the mean of 20",
});

/** The first two stages of AutoAttack standard, which find nearly all that it finds. */
export const fastTier = version("fast", "APGD-CE+T", FAST, {
  summary: "APGD-CE, then APGD-T on what is left: AutoAttack's first two stages, a third of its time",
});

function version(name: string, title: string, stages: readonly Stage[], { summary }: { summary: string }) {
  return {
    name,
    example: name,
    summary,
    options: {},
    create: (threat, _numbers, given = {}) => {
      resolveOptions({}, given, `attack "${name}"`);
      return fromStages(name, title, threat, stages);
    },
  } satisfies AttackDefinition;
}

const PIECES = [apgdCeAttack, apgdDlrAttack, apgdTAttack, fabAttack, fabTAttack, squareAttack];

const customOptions = {
  attacks: text({
    doc: `Stages in their order, joined by "+", of ${PIECES.map(({ name }) => name).join(", ")}`,
    expected: "names joined by +, such as apgd-ce+square",
    default: "apgd-ce+square",
    pattern: new RegExp(
      `^(${PIECES.map(({ name }) => name).join("|")})(\\+(${PIECES.map(({ name }) => name).join("|")}))*$`,
    ),
  }),
};

/** Any of AutoAttack's attacks in any order, with their defaults. */
export const autoattackCustom: AttackDefinition = {
  name: "autoattack-custom",
  example: "autoattack-custom",
  summary: "AutoAttack's attacks of one's own choice, in one's own order",
  options: customOptions,
  create(threat, _numbers, given = {}) {
    const { attacks } = resolveOptions(customOptions, given, 'attack "autoattack-custom"');
    const names = attacks.split("+");
    const stages = names.map((name): Stage => [PIECES.find((piece) => piece.name === name)!, {}]);
    return fromStages(
      "autoattack-custom",
      `Ensemble of ${names.length} attack${names.length === 1 ? "" : "s"}`,
      threat,
      stages,
    );
  },
};

function fromStages(name: string, title: string, threat: ThreatModel, stages: readonly Stage[]): Attack {
  checkThreatModel(threat);
  const made = stages.map(([definition, options]) => definition.create(threat, [], options)) as [Attack, ...Attack[]];
  return ensemble({
    name,
    label: `${title}, ${formatThreatModel(threat)} (${made.map(({ name }) => name).join(", ")})`,
    threat,
    resolved: Object.fromEntries(
      made.flatMap((stage, i) =>
        Object.entries(stage.resolved).map(([option, value]) => [`${i + 1}.${stage.name}.${option}`, value])
      ),
    ),
    stages: made,
  });
}
