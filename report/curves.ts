/** The curves as one Vega-Lite specification: robust accuracy against training seconds and against full passes. Every
 *  picture (SVG, PNG, a page) is drawn from it. Colours: Okabe and Ito's, told apart by colour-blind people, without
 *  their yellow, which white paper swallows; markers differ in shape too (seven colours and six shapes make 42 pairs).
 *  @module */

import type { Result } from "../bench/result.ts";
import { attackOf } from "./attack_of.ts";
import type { TopLevelSpec } from "vega-lite";
import { type CurveData, curveData } from "./curve_data.ts";
import { formatTarget } from "./format.ts";
import { plainText, shortText } from "./plain_text.ts";

export const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000", "#56B4E9"];
export const SHAPES = ["circle", "square", "triangle-up", "triangle-down", "cross", "triangle-right"];
const PANEL = { width: 420, height: 340 };
const FAINT = 0.45;
const GREY = "#666666";

/** The specification; its data are inside. */
export function curvesSpec(result: Result): TopLevelSpec {
  const data = curveData(result);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: {
      text: shortText(result.suite.title, 90),
      subtitle: subtitleOf(result, data),
      anchor: "start",
      frame: "group",
      fontSize: 17,
      subtitleFontSize: 12,
      subtitleColor: "#333333",
      subtitleLineHeight: 16,
      subtitlePadding: 6,
      offset: -14,
    },
    datasets: {
      runs: data.runs.map((row) => ({ ...row })),
      medians: data.medians.map((row) => ({ ...row })),
      crossings: data.crossings.map((row) => ({ ...row })),
      targets: targetRows(result.suite.targets),
    },
    hconcat: [
      panel(data, { field: "trainSeconds", title: "Training time (s)", lowerBound: "lowerBoundSeconds" }),
      panel(data, { field: "fullPasses", title: `Full passes through the network (${data.passUnit})` }),
    ],
    spacing: 46,
    config: {
      font: "DejaVu Sans, Verdana, Arial, sans-serif",
      axis: {
        labelFontSize: 12,
        titleFontSize: 13,
        titleFontWeight: "normal",
        gridColor: "#e8e8e8",
        labelFlush: false,
        titlePadding: 8,
      },
      mark: { aria: false },
      legend: { symbolOpacity: 1, labelFontSize: 13, symbolSize: 110, symbolStrokeWidth: 2, labelLimit: 0 },
      view: { stroke: "#cccccc" },
    },
  };
}

interface Axis {
  readonly field: "trainSeconds" | "fullPasses";
  readonly title: string;
  readonly lowerBound?: "lowerBoundSeconds";
}

function panel(data: CurveData, axis: Axis) {
  const largest = [...data.runs, ...data.crossings].reduce((most, row) => Math.max(most, row[axis.field]), 0) || 1;
  const x = {
    field: axis.field,
    type: "quantitative" as const,
    title: axis.title,
    scale: { domain: [0, largest], nice: true },
    axis: { tickCount: 6 },
  };
  const y = (field: string) => ({
    field,
    type: "quantitative" as const,
    title: "Accuracy (robust: solid, clean: dashed)",
    scale: { domain: [0, 1] },
    axis: { tickCount: 6, labelExpr: "format(datum.value * 100, '.0f') + ' %'" },
  });
  const names = { type: "nominal" as const, field: "run", title: null };
  const legend = { orient: "bottom" as const, columns: columnsOf(data.names), columnPadding: 24, rowPadding: 4 };
  const color = { ...names, legend, scale: { domain: [...data.names], range: cycle(COLOURS, data.names.length) } };
  const shape = { ...names, legend, scale: { domain: [...data.names], range: cycle(SHAPES, data.names.length) } };
  const line = { field: "line", type: "nominal" as const };
  const target = { field: "target", type: "quantitative" as const };
  return {
    ...PANEL,
    layer: [
      {
        data: { name: "targets" },
        mark: { type: "rule" as const, color: GREY, strokeDash: [2, 3] },
        encoding: { y: target },
      },
      {
        data: { name: "targets" },
        mark: { type: "text" as const, color: GREY, align: "left" as const, dx: 4, fontSize: 11 },
        encoding: { y: target, x: { value: PANEL.width }, text: { field: "text", type: "nominal" as const } },
      },
      {
        data: { name: "medians" },
        mark: { type: "line" as const, strokeWidth: 1.2, strokeDash: [5, 3], strokeOpacity: FAINT },
        encoding: { x, y: y("clean"), color, detail: line },
      },
      ...(data.several
        ? [{
          data: { name: "runs" },
          mark: { type: "line" as const, strokeWidth: 1, strokeOpacity: FAINT },
          encoding: { x, y: y("robust"), color, detail: line },
        }]
        : []),
      {
        data: { name: "medians" },
        mark: { type: "line" as const, strokeWidth: data.several ? 2.8 : 2.2 },
        encoding: { x, y: y("robust"), color, detail: line },
      },
      {
        data: { name: "medians" },
        mark: { type: "point" as const, filled: true, size: 34, opacity: 1 },
        encoding: { x, y: y("robust"), color, shape },
      },
      ...(axis.lowerBound
        ? [{
          data: { name: "crossings" },
          mark: { type: "rule" as const, strokeWidth: 4, strokeOpacity: 0.6 },
          encoding: { x: { ...x, field: axis.lowerBound }, x2: { field: axis.field }, y: target, color },
        }]
        : []),
      {
        data: { name: "crossings" },
        mark: { type: "point" as const, shape: "diamond", fill: "white", size: 90, strokeWidth: 2.2, opacity: 1 },
        encoding: { x, y: target, color },
      },
    ],
  };
}

/** Targets with their text; those too close to be written one above the other share the lowest one's line. */
function targetRows(targets: readonly number[]): { target: number; text: string }[] {
  const rows: { target: number; text: string }[] = [];
  let written = -1;
  for (const target of [...targets].sort((a, b) => a - b)) {
    const near = rows.find((row) => row.target === written);
    if (near && target - written < 0.04) {
      near.text = near.text.replace(" %", "") + `, ${formatTarget(target)}`;
      rows.push({ target, text: "" });
    } else {
      rows.push({ target, text: formatTarget(target) });
      written = target;
    }
  }
  return rows;
}

/** As many columns as the legend's longest name leaves room for. */
function columnsOf(names: readonly string[]): number {
  const longest = Math.max(1, ...names.map((name) => name.length));
  return Math.max(1, Math.min(names.length, Math.floor(2 * PANEL.width / (longest * 8 + 44))));
}

/** The values over and over, `count` of them. */
export function cycle(values: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, index) => values[index % values.length] ?? "");
}

function subtitleOf(result: Result, data: CurveData): string[] {
  const { evaluation, seeds, targets } = result.suite;
  const attack = attackOf(result, evaluation.attack)?.label ?? evaluation.attack;
  const machine = result.machines.map((one) =>
    `${one.cpu ?? one.arch}${one.cores === null ? "" : `, ${one.cores} cores`}`
  );
  const few = seeds.length === 1 ? "One seed" : `${seeds.length} seeds: thick = median, thin = each`;
  const reached = targets.length === 0
    ? ""
    : " Dotted lines: targets; diamond: reached, bar: since the evaluation before.";
  const none = data.runs.length === 0 ? " No evaluations yet." : "";
  return [
    ...wrap(`Attacked with ${plainText(attack)}, on ${evaluation.count} ${plainText(evaluation.split)} images`, 125),
    shortText(`${few}; ${machine.join("; ") || "no machine"}.`, 125),
    `${reached}${none}`.trim(),
  ].filter((line) => line !== "");
}

/** Lines of at most `length` characters, broken between words where there are any; at most three. */
function wrap(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= length) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(shortText(word, length));
  }
  return lines.slice(0, 3);
}
