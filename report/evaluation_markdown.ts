/** report.md of one evaluation: what the weights withstand, what is doubtful about that, and what exactly was run.
 *  @module */

import type { RobustRow } from "../bench/result.ts";
import { decodeOutcomes } from "../statistics/outcome_bits.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import { attackOf } from "./attack_of.ts";
import { evaluationNames } from "./evaluation_names.ts";
import type { EvaluationRecord } from "../bench/evaluation_record.ts";
import { digits, formatBytes, formatSeconds, formatShare, formatValue, NONE } from "./format.ts";
import { formatOptions } from "./markdown_attacks.ts";
import { orderNotes, orderNotice } from "./markdown_order.ts";
import { engineLine } from "./markdown_record.ts";
import { STAGE_COLUMNS, stageCells } from "./markdown_stages.ts";
import { type Column, escapeMarkdown, list, table } from "./markdown_text.ts";
import { checkOrder } from "./order_check.ts";

type Names = (key: string) => string;

/** The report as Markdown. */
export function evaluationMarkdown(record: EvaluationRecord): string {
  const plain = evaluationNames(record);
  const name: Names = (key) => escapeMarkdown(plain.get(key) ?? key);
  const order = [{ subject: "", check: checkOrder(record, record.attacks), name }];
  const sections = [
    `# Evaluation of ${escapeMarkdown(record.model.name)} on ${record.count} ${
      escapeMarkdown(record.split)
    } images of ` +
    escapeMarkdown(record.data.name),
    orderNotice(order),
    headline(record, name),
    warnings(record),
    record.curve.length === 0 ? "" : "![Accuracy against ε](curve.svg)",
    attackTable(record, name),
    ...record.robust.map((row) => stageTable(row, name)),
    orderNotes(order),
    curveTable(record, name),
    attackList(record, name),
    runList(record),
  ];
  return sections.filter((section) => section !== "").join("\n\n") + "\n";
}

function headline(record: EvaluationRecord, name: Names): string {
  const subject =
    `**${escapeMarkdown(record.model.name)}** classifies ${share(record.clean)} of ${record.clean.count} images ` +
    "correctly";
  const [worst] = record.robust.filter(({ count }) => count > 0).toSorted((a, b) => a.accuracy - b.accuracy);
  if (!worst) return `${subject}. No attack was run.`;
  const images = worst.count === record.clean.count ? "" : ` of the first ${worst.count}`;
  const lowest = record.robust.length === 1 ? "under" : "under the attack that leaves the lowest accuracy,";
  const together = withstandsAll(record);
  return `${subject} without an attack, and ${share(worst)}${images} ${lowest} ${name(worst.attack)}, ` +
    `${threatText(record)}.${together}`;
}

/** The share of images that no attack fools, each image counted with its own worst attack. */
function withstandsAll({ robust }: EvaluationRecord): string {
  const judged = robust.filter(({ count, correctBits }) => count > 0 && (correctBits?.length ?? 0) * 4 >= count);
  if (judged.length < 2 || judged.length < robust.length) return "";
  const count = Math.min(...judged.map((row) => row.count));
  const outcomes = judged.map(({ correctBits }) => decodeOutcomes(correctBits ?? "", count));
  const correct =
    Array.from({ length: count }, (_, i) => i).filter((i) => outcomes.every((bits) => bits[i] === 1)).length;
  return ` Image by image, ${share({ correct, count })} of ${count} withstand all ${judged.length} attacks.`;
}

function threatText({ threat }: EvaluationRecord): string {
  return `${threat.norm === "linf" ? "L∞" : "L2"} ε = ${formatValue(threat.epsilon)}`;
}

/** "80.4 % [78.6, 82.1]". */
function share({ correct, count }: { readonly correct: number; readonly count: number }): string {
  return count === 0 ? NONE : formatShare(correct / count, wilsonInterval(correct, count));
}

function warnings({ warnings }: EvaluationRecord): string {
  const lines = warnings.map(({ code, message, advice }) =>
    `${escapeMarkdown(message)}; ${escapeMarkdown(advice)} (${escapeMarkdown(code)})`
  );
  return lines.length === 0 ? "No warnings." : `**Warnings**\n\n${list(lines)}`;
}

function attackTable(record: EvaluationRecord, name: Names): string {
  const columns: Column[] = [
    { heading: "Attack" },
    { heading: "Accuracy", numeric: true },
    { heading: "Correct", numeric: true },
    { heading: "Images", numeric: true },
    { heading: "Seconds", numeric: true },
    { heading: "Largest perturbation", numeric: true },
  ];
  const { clean, robust } = record;
  const cells = [
    ["none", share(clean), String(clean.correct), String(clean.count), NONE, NONE],
    ...robust.map((row) => [
      name(row.attack),
      share(row),
      String(row.correct),
      String(row.count),
      formatSeconds(row.seconds),
      formatValue(row.maxPerturbation),
    ]),
  ];
  return `## Attacks, ${threatText(record)}\n\n${table(columns, cells)}\n\n` +
    list(["In square brackets: the 95 % interval (Wilson's) of the accuracy, for the sampling of the images judged."]);
}

function stageTable(row: RobustRow, name: Names): string {
  if (row.stages === undefined) return "";
  return `Stages of ${name(row.attack)}, each run on the images that those before it left correct:\n\n` +
    table(STAGE_COLUMNS, stageCells(row));
}

function curveTable({ curve }: EvaluationRecord, name: Names): string {
  if (curve.length === 0) return "";
  const keys = [...new Set(curve.map(({ attack }) => attack))];
  const epsilons = [...new Set(curve.map(({ epsilon }) => epsilon))].sort((a, b) => a - b);
  const columns = [{ heading: "ε" }, ...keys.map((key) => ({ heading: name(key), numeric: true }))];
  const cells = epsilons.map((epsilon) => [
    formatValue(epsilon),
    ...keys.map((key) => {
      const point = curve.find((point) => point.attack === key && point.epsilon === epsilon);
      return point ? share(point) : NONE;
    }),
  ]);
  const counts = [...new Set(curve.map(({ count }) => count))].sort((a, b) => a - b).join(" or ");
  return `## Accuracy against ε\n\n${table(columns, cells)}\n\nOn the first ${counts} images. Along a ` +
    "curve an image that is misclassified without an attack or at a smaller radius stays so; in the table above each attack " +
    "stands for itself.";
}

function attackList(record: EvaluationRecord, name: Names): string {
  const items = [...evaluationNames(record).keys()].map((key) => {
    const attack = attackOf(record, key);
    return attack
      ? `${name(key)}: ${escapeMarkdown(attack.label)}. All options: ${formatOptions(attack.resolved)}`
      : `${name(key)}: no more is recorded of it`;
  });
  return items.length === 0 ? "" : `## Attacks in full\n\n${list(items)}`;
}

function runList(record: EvaluationRecord): string {
  const { model, data, machine, tool, engine } = record;
  const hardware = [
    machine.cpu ?? machine.arch,
    machine.cores === null ? "" : `${machine.cores} cores`,
    machine.memoryBytes === null ? "" : formatBytes(machine.memoryBytes),
    machine.gpu ?? "",
    [machine.os, machine.osRelease ?? "", machine.arch].join(" "),
    machine.calibration === null ? "" : `float32 matrix product ${digits(machine.calibration.gemmGflops)} GFLOP/s`,
  ].filter((part) => part !== "").join(", ");
  const commit = tool.commit === null ? "" : `, commit ${tool.commit}`;
  const items = [
    `Model ${escapeMarkdown(model.name)} (options: ${formatOptions(model.options)}); weightsSha256 ` +
    `\`${record.weightsSha256}\``,
    `Data ${escapeMarkdown(data.name)} (options: ${
      formatOptions(data.options)
    }), the first ${record.count} images of split ` +
    escapeMarkdown(record.split),
    `Threat ${threatText(record)}; seed ${record.seed}`,
    ...engine === null ? [] : [engineLine(engine, "float32")],
    escapeMarkdown(hardware),
    escapeMarkdown(
      `${tool.name} ${tool.version}${commit}; Deno ${machine.deno}, V8 ${machine.v8}, TensorFlow.js ${machine.tfjs}`,
    ),
  ];
  return `## What was run\n\n${list(items)}`;
}
