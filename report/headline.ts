/** The report's first paragraph, derived from the record: which method reached the highest target first, in how many
 *  training seconds, between which evaluations, and how the others did. It never calls anything a speed-up: one seed is
 *  one sample, and a few are not many. @module */

import type { Result } from "../bench/result.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import { formatPercent, formatSeconds, formatTarget } from "./format.ts";
import { finalSentence } from "./headline_final.ts";
import { attackName } from "./markdown_attacks.ts";
import { andList, escapeMarkdown } from "./markdown_text.ts";
import type { SummaryRow } from "./summarize.ts";
import { timeText, type TimeToTarget } from "./time_to_target.ts";

interface Entrant {
  readonly name: string;
  readonly time: TimeToTarget;
}

/** One paragraph of Markdown. */
export function headline(result: Result, rows: readonly SummaryRow[]): string {
  const sentences = [
    ...targetSentences(result, rows),
    pendingSentence(result),
    finalSentence(result, rows),
  ];
  return sentences.filter((sentence) => sentence !== "").join(" ");
}

function targetSentences(result: Result, rows: readonly SummaryRow[]): string[] {
  const { targets, seeds } = result.suite;
  if (rows.length === 0) return ["This result holds no runs."];
  if (targets.length === 0) return ["This suite has no target accuracies, so no times are compared."];
  const machines = new Set(result.runs.flatMap((run) => run.attempts.map((attempt) => attempt.machine))).size;
  if (machines > 1) return [`The runs used ${machines} machines, so their times are not compared here.`];
  const descending = [...targets].sort((a, b) => b - a);
  const won = descending.find((target) => entrants(rows, target).some(({ time }) => time.medianSeconds !== null));
  if (won === undefined) {
    const lowest = formatTarget(descending.at(-1) ?? 0);
    const most = seeds.length > 1 ? "in more than half of its seeds " : "";
    return [
      `No method reached a target ${most}(the lowest is ${lowest} robust accuracy).`,
      sizeSentence(result, descending.at(-1) ?? 0),
    ];
  }
  const all = entrants(rows, won).sort((a, b) =>
    (a.time.medianSeconds ?? Infinity) - (b.time.medianSeconds ?? Infinity)
  );
  const [leader, ...others] = all;
  if (!leader) return [];
  const groups = settledGroups(all.filter(({ time }) => time.medianSeconds !== null));
  return [
    leaderSentence(result, leader, { target: won, settled: groups[0]?.length === 1 }),
    othersSentence(others),
    unsettledSentence(groups),
    hollowSentence(result, rows, won),
    missedSentence(rows, descending.filter((target) => target > won)),
    sizeSentence(result, won),
    seeds.length > 1
      ? `${seeds.length} seeds are few; the ranges are shown, and no speed-up is claimed.`
      : "One seed is one sample: this is what happened once, and no speed-up is claimed.",
  ];
}

function entrants(rows: readonly SummaryRow[], target: number): Entrant[] {
  return rows.flatMap((row) =>
    row.times.filter((time) => time.target === target).map((time) => ({ name: escapeMarkdown(row.label), time }))
  );
}

function leaderSentence(result: Result, { name, time }: Entrant, of: { target: number; settled: boolean }): string {
  const { seeds } = result.suite;
  const goal = `${formatTarget(of.target)} robust accuracy`;
  const seconds = formatSeconds(time.medianSeconds ?? 0);
  if (seeds.length === 1) {
    const when = time.lowerBoundSeconds
      ? `after ${seconds} of training (still below at ${formatSeconds(time.lowerBoundSeconds)})`
      : `at its first evaluation, after ${seconds} of training`;
    const first = of.settled ? `reached ${goal} first` : `was the first seen at ${goal}`;
    return `In this one run of each method, **${name}** ${first}: ${when}.`;
  }
  const spread = time.reachedSeconds;
  const range = spread ? `${formatSeconds(spread.min)} to ${formatSeconds(spread.max)}, ` : "";
  const below = time.lowerBoundSeconds
    ? `still below at ${formatSeconds(time.lowerBoundSeconds)}`
    : "at its first evaluation";
  return `Over ${seeds.length} seeds, **${name}** had the smallest median time to ${goal}: ${seconds} of training ` +
    `(${below}; ${range}${time.reached} of ${time.runs} reached it).`;
}

function othersSentence(others: readonly Entrant[]): string {
  const reached = others.filter(({ time }) => time.medianSeconds !== null);
  const then = reached.map(({ name, time }) => `${name} with ${timeText(time)}`).join(", ");
  const missed = others.filter(({ time }) => time.medianSeconds === null);
  const byReason = [...Map.groupBy(missed, ({ time }) => timeText(time))];
  const never = byReason.map(([reason, who]) => `${who.map(({ name }) => name).join(", ")}: ${reason}`).join("; ");
  return [then && `Then came ${then}.`, never && `Of the others, ${never}.`].filter(Boolean).join(" ");
}

/** The runs whose weights at the target do not stand up to the strong attack. */
function hollowSentence({ suite }: Result, rows: readonly SummaryRow[], won: number): string {
  const hollow = rows.flatMap(({ label, strongThere }) => {
    const seeds = strongThere.filter(({ target }) => target === won).flatMap(({ hollow }) => hollow).length;
    const of = suite.seeds.length > 1 ? ` (${seeds} of ${suite.seeds.length} seeds)` : "";
    return seeds > 0 ? [`${escapeMarkdown(label)}${of}`] : [];
  });
  return hollow.length === 0
    ? ""
    : `${formatTarget(won)} was hollow for ${
      andList(hollow)
    }: the strong attack takes it back, as told below the table.`;
}

/** The targets above the one that was won. */
function missedSentence(rows: readonly SummaryRow[], targets: readonly number[]): string {
  const bySome = targets.filter((target) => entrants(rows, target).some(({ time }) => time.reached > 0));
  const byNone = targets.filter((target) => !bySome.includes(target));
  return [
    bySome.length > 0 ? `${bySome.map(formatTarget).join(" and ")}: reached by some seeds only.` : "",
    byNone.length > 0 ? `Nobody reached ${byNone.map(formatTarget).join(" or ")}.` : "",
  ].filter((sentence) => sentence !== "").join(" ");
}

function pendingSentence(result: Result): string {
  const pending = result.runs.filter(({ status }) => ["planned", "running", "interrupted"].includes(status)).length;
  return pending === 0 ? "" : `${pending} of ${result.runs.length} runs have not ended, so all this is provisional.`;
}

/** Entrants in the order of their times, cut where everyone before is certain to have come before everyone after: times
 *  are known only to the interval between two evaluations, and to the range over seeds. */
function settledGroups(entrants: readonly Entrant[]): Entrant[][] {
  const groups: Entrant[][] = [];
  let latest = -Infinity;
  entrants.forEach((entrant, index) => {
    const earliest = Math.min(...entrants.slice(index).map(({ time }) => time.earliestSeconds));
    if (earliest >= latest) groups.push([]);
    groups.at(-1)?.push(entrant);
    latest = Math.max(latest, entrant.time.latestSeconds);
  });
  return groups;
}

function unsettledSentence(groups: readonly (readonly Entrant[])[]): string {
  const open = groups.filter((group) => group.length > 1).map((group) => andList(group.map(({ name }) => name)));
  return open.length === 0
    ? ""
    : `The order of ${open.join("; of ")} is not settled by these evaluations, since their intervals overlap.`;
}

/** What the images that targets were judged on leave open at the target in question. */
function sizeSentence(result: Result, target: number): string {
  const { count, split, attack } = result.suite.evaluation;
  if (count === 0) return "";
  const { lower, upper } = wilsonInterval(Math.round(target * count), count);
  return `Targets were judged under ${attackName(result, attack)} on ${count} ${escapeMarkdown(split)} images, where ` +
    `${formatTarget(target)} has a 95 % interval from ${formatPercent(lower)} to ${formatPercent(upper)}.`;
}
