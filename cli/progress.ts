/** Progress of a suite as text: a pure view of the events so far. The terminal around it is in live_display.ts. @module */

import type { ProgressEvent } from "../bench/progress.ts";
import type { Point } from "../bench/result.ts";
import { formatPercent } from "../report/format.ts";
import { plainText } from "../report/plain_text.ts";
import { duration } from "./duration.ts";

type Event<Kind extends ProgressEvent["kind"]> = Extract<ProgressEvent, { kind: Kind }>;

/** What has been heard so far; times in milliseconds. */
export interface View {
  readonly suite?: Event<"suite">;
  readonly run?: Event<"run-start">;
  readonly runStart: number;
  readonly firstStep?: { readonly step: number; readonly time: number };
  readonly step?: Event<"step">;
  readonly evaluation?: Event<"evaluation">;
  readonly point?: Point;
  /** Runs that are over, skipped ones included. */
  readonly done: number;
  /** Durations of the runs that were trained here. */
  readonly runSeconds: readonly number[];
  /** Warnings that have been shown; most hold for every run of a suite. */
  readonly warned: readonly string[];
}

export const emptyView: View = { runStart: 0, done: 0, runSeconds: [], warned: [] };

/** The view after one more event. */
export function advance(view: View, event: ProgressEvent, now: number): View {
  switch (event.kind) {
    case "suite":
      return { ...emptyView, suite: event };
    case "run-start":
      return { ...between(view), run: event, runStart: now };
    case "run-skip":
      return { ...between(view), done: event.index + 1 };
    case "step": {
      const { evaluation: _, ...rest } = view;
      return { ...rest, step: event, firstStep: view.firstStep ?? { step: event.step, time: now } };
    }
    case "evaluation":
      return { ...view, evaluation: event };
    case "point":
      return { ...view, point: event.point };
    case "run-end":
      return {
        ...between(view),
        done: (view.run?.index ?? view.done) + 1,
        runSeconds: [...view.runSeconds, (now - view.runStart) / 1000],
        warned: [...view.warned, ...newWarnings(view, event)],
      };
    case "note":
      return view;
  }
}

function between({ suite, done, runSeconds, runStart, warned }: View): View {
  return { ...(suite ? { suite } : {}), done, runSeconds, runStart, warned };
}

function newWarnings({ warned }: View, { warnings }: Event<"run-end">): string[] {
  const lines = warnings.map(({ message, advice }) => `  warning: ${plainText(message)}; ${plainText(advice)}`);
  return lines.filter((line) => !warned.includes(line));
}

/** One level of the nested display. */
export interface Level {
  readonly name: string;
  /** 0..1. */
  readonly part: number;
  readonly note: string;
}

/** Suite, run and what the run does now. */
export function levels(view: View, now: number): Level[] {
  return [suiteLevel(view, now), runLevel(view, now), workLevel(view)].filter((level) => level !== null);
}

function suiteLevel(view: View, now: number): Level | null {
  const { suite, done, runSeconds } = view;
  if (suite === undefined) return null;
  const mean = runSeconds.reduce((sum, seconds) => sum + seconds, 0) / runSeconds.length;
  const after = Math.max(0, suite.runs - done - (view.run ? 1 : 0));
  const current = view.run && !view.step ? mean : secondsLeft(view, now) ?? 0;
  const left = runSeconds.length === 0 ? null : mean * after + current;
  const note = left === null || done === suite.runs ? "" : `, about ${duration(left)} left`;
  return {
    name: plainText(suite.name),
    part: done / Math.max(1, suite.runs),
    note: `${done}/${suite.runs} runs${note}`,
  };
}

function runLevel(view: View, now: number): Level | null {
  const { run, step, point } = view;
  if (run === undefined) return null;
  const name = `${plainText(run.label)} seed ${run.seed}`;
  if (step === undefined) return { name, part: 0, note: "starting" };
  const left = secondsLeft(view, now);
  const notes = [
    `epoch ${Math.min(step.epoch + 1, Math.ceil(step.epochs))}/${formatEpochs(step.epochs)}`,
    ...(left === null ? [] : [`${duration(left)} left`]),
    ...(point ? [accuracies(point)] : []),
  ];
  return { name, part: step.step / Math.max(1, step.totalSteps), note: notes.join(", ") };
}

function workLevel({ evaluation, step }: View): Level | null {
  if (evaluation !== undefined) {
    const { what, done, total } = evaluation;
    return { name: plainText(what), part: done / Math.max(1, total), note: `${done}/${total} images` };
  }
  if (step === undefined) return null;
  const part = step.stepInEpoch / Math.max(1, step.stepsPerEpoch);
  return { name: "batch", part, note: `${step.stepInEpoch}/${step.stepsPerEpoch}, loss ${step.loss.toFixed(3)}` };
}

/** Left of the run at the pace since its first step; null before there is one and after the last. */
function secondsLeft({ firstStep, step }: View, now: number): number | null {
  if (!firstStep || !step || step.step <= firstStep.step || step.step >= step.totalSteps) return null;
  return (now - firstStep.time) / 1000 / (step.step - firstStep.step) * (step.totalSteps - step.step);
}

function accuracies(point: Point): string {
  const robust = point.robust[0];
  return `clean ${formatPercent(point.clean.accuracy)}${robust ? `, robust ${formatPercent(robust.accuracy)}` : ""}`;
}

function formatEpochs(epochs: number): string {
  return String(Number(epochs.toFixed(2)));
}

/** A line that stays. `live` lines stand above a display that redraws itself and leave out what it shows anyway. */
export function settledLines(view: View, event: ProgressEvent, now: number, live: boolean): string[] {
  const place = view.suite && view.run ? `[${view.run.index + 1}/${view.suite.runs}] ` : "";
  switch (event.kind) {
    case "suite":
      return [
        `${plainText(event.name)}: ${event.runs} ${event.runs === 1 ? "run" : "runs"} on ${event.engine}, results in ${
          plainText(event.out)
        }`,
        `Engine ${event.engine} with ${event.workers} ${event.workers === 1 ? "worker" : "workers"}: ${event.reason}`,
      ];
    case "run-start":
      return live ? [] : [`[${event.index + 1}/${event.runs}] ${plainText(event.methodLabel)}, seed ${event.seed}`];
    case "run-skip":
      return [
        `[${event.index + 1}/${view.suite?.runs ?? "?"}] ${
          plainText(event.label)
        } seed ${event.seed} is already ${event.status}`,
      ];
    case "point": {
      const { epoch, trainSeconds } = event.point;
      const when = `epoch ${formatEpochs(epoch)}, ${trainSeconds.toFixed(1)} s of training`;
      return live
        ? []
        : [`${place}${plainText(event.label)} seed ${view.run?.seed ?? "?"}: ${when}: ${accuracies(event.point)}`];
    }
    case "run-end":
      return [`${place}${endLine(view, event, now)}`, ...newWarnings(view, event)];
    case "note":
      return [plainText(event.text)];
    case "step":
    case "evaluation":
      return [];
  }
}

function endLine(view: View, event: Event<"run-end">, now: number): string {
  const reason = event.message === null ? "" : `: ${plainText(event.message)}`;
  const last = view.point && event.status === "completed" ? `, ${accuracies(view.point)}` : "";
  const name = `${plainText(event.label)} seed ${event.seed}`;
  return `${name} ${event.status} after ${duration((now - view.runStart) / 1000)}${last}${reason}`;
}

const MOST_NAME = 24;

/** Lines of the display, none wider than `columns`: bars first give way to notes. */
export function drawLevels(levels: readonly Level[], columns: number): string[] {
  const width = Math.min(MOST_NAME, Math.max(0, ...levels.map(({ name }) => [...name].length)));
  const widest = columns >= 100 ? 24 : columns >= 60 ? 10 : 0;
  return levels.map(({ name, part, note }) => {
    const bar = Math.max(0, Math.min(widest, columns - 1 - width - [...note].length - 2));
    const filled = Math.round(Math.min(1, Math.max(0, part)) * bar);
    const drawn = bar === 0 ? "" : `${"█".repeat(filled)}${"░".repeat(bar - filled)} `;
    return cut(`${cut(name, width).padEnd(width)} ${drawn}${note}`, columns - 1);
  });
}

/** At most `width` characters, the last one an ellipsis where something was cut. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width <= 0 ? "" : characters.slice(0, width - 1).join("") + "…";
}
