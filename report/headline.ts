/** The report's first paragraph, derived from the record: which method reached the highest target first, in how many
 *  training seconds, between which evaluations, and how the others did. It never calls anything a speed-up: one seed is
 *  one sample, and a few are not many. @module */

import type { Result } from "../bench/result.ts";
import { formatPercent, formatSeconds, formatTarget } from "./format.ts";
import { escapeMarkdown } from "./markdown_text.ts";
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
    sizeSentence(result),
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
    return [`No method reached a target ${most}(the lowest is ${lowest} robust accuracy).`];
  }
  const all = entrants(rows, won).sort((a, b) =>
    (a.time.medianSeconds ?? Infinity) - (b.time.medianSeconds ?? Infinity)
  );
  const [leader, ...others] = all;
  if (!leader) return [];
  return [
    leaderSentence(result, leader, won),
    othersSentence(others),
    tieSentence(leader, others),
    missedSentence(rows, descending.filter((target) => target > won)),
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

function leaderSentence(result: Result, { name, time }: Entrant, target: number): string {
  const { seeds } = result.suite;
  const goal = `${formatTarget(target)} robust accuracy`;
  const seconds = formatSeconds(time.medianSeconds ?? 0);
  const below = `still below at ${formatSeconds(time.lowerBoundSeconds ?? 0)}`;
  if (seeds.length === 1) {
    return `In this one run of each method, **${name}** reached ${goal} first: after ${seconds} of training (${below}).`;
  }
  const spread = time.reachedSeconds;
  const range = spread ? `${formatSeconds(spread.min)} to ${formatSeconds(spread.max)}, ` : "";
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

/** Times are known only to the interval between two evaluations, and to the range over seeds. */
function tieSentence(leader: Entrant, others: readonly Entrant[]): string {
  const close = others.filter(({ time }) =>
    time.medianSeconds !== null && time.earliestSeconds < leader.time.latestSeconds
  );
  if (close.length === 0) return "";
  const names = [leader, ...close].map(({ name }) => name);
  return `The intervals of ${names.slice(0, -1).join(", ")} and ${
    names.at(-1)
  } overlap, so their order is not settled by these evaluations.`;
}

function finalSentence(result: Result, rows: readonly SummaryRow[]): string {
  const attack = result.suite.final.attacks[0];
  if (attack === undefined) return "";
  const ends = rows.flatMap((row) => {
    const spread = row.last.robust.get(attack);
    return spread ? [{ name: escapeMarkdown(row.label), accuracy: spread.median }] : [];
  }).sort((a, b) => b.accuracy - a.accuracy);
  const best = ends[0];
  if (!best) return "";
  const median = result.suite.seeds.length > 1 ? "median " : "";
  const same = ends.filter((end) => formatPercent(end.accuracy) === formatPercent(best.accuracy));
  return `At the end the highest ${median}robust accuracy on the ${
    escapeMarkdown(result.suite.final.split)
  } images was ` +
    `${formatPercent(best.accuracy)} (${same.map((end) => end.name).join(", ")}).`;
}

function sizeSentence(result: Result): string {
  const { count, split } = result.suite.evaluation;
  if (count >= 1000 || result.suite.targets.length === 0) return "";
  return `Targets were judged on ${count} ${escapeMarkdown(split)} images, where one image is ${
    formatTarget(1 / count)
  }: small differences mean nothing.`;
}
