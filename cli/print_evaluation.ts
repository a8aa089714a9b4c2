/** What evaluate prints for a person. @module */

import type { EvaluationRecord } from "../bench/evaluation_record.ts";
import { evaluationNames } from "../report/evaluation_names.ts";
import { checkOrder } from "../report/order_check.ts";
import { formatSeconds, formatShare } from "../report/format.ts";
import { plainText } from "../report/plain_text.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import type { Output } from "./io.ts";
import { printTable } from "./print_table.ts";

/** Prints what was judged, a table of the attacks with 95 % intervals (Wilson), the curve, and the warnings. */
export function printEvaluation(record: EvaluationRecord, out: Output): void {
  const { engine, warnings, curve } = record, names = evaluationNames(record);
  const images = `${record.count} ${plainText(record.split)} images of ${plainText(record.data.name)}`;
  const computed = engine === null ? "" : `, engine ${plainText(engine.name)} ${plainText(engine.precision)}`;
  out.write(`${plainText(record.model.name)}, weights ${record.weightsSha256.slice(0, 12)}, ${images}${computed}\n`);
  printTable(out, ["attack", "accuracy [95 % interval]", "images", "seconds"], attackRows(record));
  if (curve.length > 0) printCurve(record, names, out);
  for (
    const { weaker, stronger, p } of checkOrder(record, record.attacks).inversions.filter((one) => one.significant)
  ) {
    const than = weaker === null ? "no attack at all" : names.get(weaker);
    out.write(
      `warning: ${names.get(stronger)} left significantly more images correct than ${than} (p ${p?.toPrecision(2)})\n`,
    );
  }
  for (const { message, advice } of warnings) out.write(`warning: ${plainText(message)}; ${plainText(advice)}\n`);
}

function attackRows({ clean, robust, attacks }: EvaluationRecord): string[][] {
  return [
    ["none", share(clean), `${clean.correct} of ${clean.count}`, ""],
    ...robust.flatMap((row) => [
      [
        attacks[row.attack]?.label ?? row.attack,
        share(row),
        `${row.correct} of ${row.count}`,
        formatSeconds(row.seconds),
      ],
      ...(row.stages ?? []).map(({ name, attacked, correct, seconds }) => [
        `· after ${name}`,
        share({ correct, count: row.count }),
        `${correct} of ${attacked} attacked`,
        formatSeconds(seconds),
      ]),
    ]),
  ];
}

function share({ correct, count }: { readonly correct: number; readonly count: number }): string {
  return formatShare(correct / count, wilsonInterval(correct, count));
}

/** A row for each radius, a column for each attack; what is misclassified at a radius stays so at the larger ones. */
function printCurve({ curve }: EvaluationRecord, names: ReadonlyMap<string, string>, out: Output): void {
  const keys = [...new Set(curve.map(({ attack }) => attack))];
  const radii = [...new Set(curve.map(({ epsilon }) => epsilon))].sort((a, b) => a - b);
  const rows = radii.map((radius) => [
    String(Number(radius.toPrecision(6))),
    ...keys.map((key) => {
      const point = curve.find(({ attack, epsilon }) => attack === key && epsilon === radius);
      return point ? share(point) : "";
    }),
  ]);
  printTable(out, ["ε", ...keys.map((key) => names.get(key) ?? key)], rows);
}
