/** The security curve of one evaluation: accuracy against ε under each attack, with a band for the 95 % interval (Wilson's)
 *  of the images judged. Colours and shapes as in the training curves. @module */

import type { TopLevelSpec } from "vega-lite";
import type { EvaluationRecord } from "../bench/evaluation_record.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import { COLOURS, cycle, SHAPES } from "./curves.ts";
import { evaluationNames } from "./evaluation_names.ts";
import { formatValue } from "./format.ts";
import { plainText, shortText } from "./plain_text.ts";

const SIZE = { width: 520, height: 340 };

interface CurveRow {
  readonly attack: string;
  readonly epsilon: number;
  readonly accuracy: number;
  readonly lower: number;
  readonly upper: number;
}

/** One row for each point, and one at ε 0 (no attack at all) for each attack that judged as many images as no attack. */
export function curveRows(record: EvaluationRecord): CurveRow[] {
  const names = evaluationNames(record);
  const row = (attack: string, epsilon: number, of: { correct: number; count: number }): CurveRow => ({
    attack: shortText(names.get(attack) ?? attack, 60),
    epsilon,
    accuracy: of.correct / of.count,
    ...wilsonInterval(of.correct, of.count),
  });
  const points = record.curve.filter(({ count }) => count > 0);
  return [...Map.groupBy(points, ({ attack }) => attack)].flatMap(([attack, judged]) => {
    const atZero = judged.every(({ epsilon, count }) => epsilon > 0 && count === record.clean.count);
    return [
      ...atZero ? [row(attack, 0, record.clean)] : [],
      ...judged.toSorted((a, b) => a.epsilon - b.epsilon).map((point) => row(attack, point.epsilon, point)),
    ];
  });
}

/** The specification; its data are inside. */
export function evaluationCurveSpec(record: EvaluationRecord): TopLevelSpec {
  const rows = curveRows(record);
  const names = [...new Set(rows.map(({ attack }) => attack))];
  const largest = Math.max(record.threat.epsilon, ...rows.map(({ epsilon }) => epsilon));
  const norm = record.threat.norm === "linf" ? "L∞" : "L2";
  const x = {
    field: "epsilon",
    type: "quantitative" as const,
    title: `${norm} ε (pixel values in 0 to 1)`,
    scale: { domain: [0, largest], nice: true },
    axis: { tickCount: 6 },
  };
  const y = (field: string) => ({
    field,
    type: "quantitative" as const,
    title: "Accuracy",
    scale: { domain: [0, 1] },
    axis: { tickCount: 6, labelExpr: "format(datum.value * 100, '.0f') + ' %'" },
  });
  const legend = { orient: "bottom" as const, columns: 2, columnPadding: 24, labelLimit: 0 };
  const named = (range: readonly string[]) => ({
    field: "attack",
    type: "nominal" as const,
    title: null,
    legend,
    scale: { domain: names, range: cycle(range, names.length) },
  });
  const color = named(COLOURS);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    ...SIZE,
    title: {
      text: shortText(`${record.model.name}: accuracy against ε`, 60),
      subtitle: shortText(
        `${record.count} ${
          plainText(record.split)
        } images of ${record.data.name}; bands: 95 % intervals; dotted: ε = ` +
          formatValue(record.threat.epsilon),
        80,
      ),
      anchor: "start",
      fontSize: 16,
      subtitleFontSize: 12,
    },
    datasets: { rows: rows.map((row) => ({ ...row })) },
    data: { name: "rows" },
    layer: [
      {
        data: { values: [{ epsilon: record.threat.epsilon }] },
        mark: { type: "rule", color: "#666666", strokeDash: [2, 3] },
        encoding: { x },
      },
      {
        mark: { type: "area", opacity: 0.16 },
        encoding: { x, y: y("lower"), y2: { field: "upper" }, color },
      },
      { mark: { type: "line", strokeWidth: 2.2 }, encoding: { x, y: y("accuracy"), color } },
      {
        mark: { type: "point", filled: true, size: 46, opacity: 1 },
        encoding: { x, y: y("accuracy"), color, shape: named(SHAPES) },
      },
    ],
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
      legend: { symbolOpacity: 1, labelFontSize: 13, symbolSize: 110 },
      view: { stroke: "#cccccc" },
    },
  };
}
