import assert from "node:assert/strict";
import type { EvaluationRecord } from "../bench/evaluation_record.ts";
import { sampleEvaluation } from "../report/_sample_evaluation.ts";
import { HOSTILE_TEXTS } from "../report/_sample_with_text.ts";
import { printEvaluation } from "./print_evaluation.ts";

function printed(record: EvaluationRecord, columns = 200): string {
  let text = "";
  const write = (part: string): void => void (text += part);
  printEvaluation(record, { write, isTerminal: true, colors: false, columns: () => columns });
  return text;
}

/** The cells of a line of a table. */
function cells(line: string): string[] {
  return line.split("│").slice(1, -1).map((cell) => cell.trim());
}

function tableLines(text: string): string[][] {
  return text.split("\n").filter((line) => line.startsWith("│")).map(cells);
}

/** The sample with a text in every place that a file or an error message can fill. */
function withText(text: string): EvaluationRecord {
  const record = sampleEvaluation();
  return {
    ...record,
    model: { name: text, options: { [text]: text } },
    data: { name: text, options: { [text]: text } },
    split: text,
    engine: record.engine && { ...record.engine, name: text, precision: text },
    attacks: Object.fromEntries(
      Object.entries(record.attacks).map(([key, attack]) => [key, { ...attack, name: text, label: text }]),
    ),
    robust: record.robust.map((row) => ({
      ...row,
      ...row.stages && { stages: row.stages.map((stage) => ({ ...stage, name: text, label: text })) },
    })),
    curve: record.curve.map((point) => ({ ...point, attack: text })),
    warnings: [{ code: text, message: text, advice: text }],
  };
}

Deno.test("printEvaluation() says first what was judged and on what", () => {
  const [first] = printed(sampleEvaluation()).split("\n");
  assert.equal(first, "small-cnn, weights aaaaaaaaaaaa, 500 held-out images of mnist-embedded, engine wasm f32");
  const [unknown] = printed({ ...sampleEvaluation(), engine: null }).split("\n");
  assert.equal(unknown, "small-cnn, weights aaaaaaaaaaaa, 500 held-out images of mnist-embedded");
});

Deno.test("printEvaluation() gives each attack its accuracy with Wilson's interval, and an ensemble its stages", () => {
  assert.deepEqual(tableLines(printed(sampleEvaluation())).slice(0, 7), [
    ["attack", "accuracy [95 % interval]", "images", "seconds"],
    ["none", "96.0 % [93.9, 97.4]", "480 of 500", ""],
    ["FGSM, L∞ ε=0.2, α=0.2", "90.0 % [87.1, 92.3]", "450 of 500", "12.0 s"],
    ["PGD-20, L∞ ε=0.2, α=0.025, 1 restart", "84.0 % [80.5, 87.0]", "420 of 500", "12.0 s"],
    ["APGD-CE+T, L∞ ε=0.2 (apgd-ce, apgd-t)", "80.0 % [76.3, 83.3]", "400 of 500", "12.0 s"],
    ["· after apgd-ce", "82.0 % [78.4, 85.1]", "410 of 480 attacked", "30.0 s"],
    ["· after apgd-t", "80.0 % [76.3, 83.3]", "400 of 410 attacked", "30.0 s"],
  ]);
});

Deno.test("printEvaluation() lists the curve by radius, empty where an attack was not run at one, and the warnings last", () => {
  const record = sampleEvaluation(), pgd = record.robust[1]?.attack;
  const curve = record.curve.filter(({ attack, epsilon }) => attack !== pgd || epsilon !== 0.1);
  const text = printed({ ...record, curve });
  assert.deepEqual(tableLines(text).slice(7), [
    ["ε", "FGSM", "PGD-20"],
    ["0.1", "93.0 % [90.4, 94.9]", ""],
    ["0.2", "90.0 % [87.1, 92.3]", "84.0 % [80.5, 87.0]"],
    ["0.3", "87.0 % [83.8, 89.7]", "78.0 % [74.2, 81.4]"],
  ]);
  assert.ok(text.endsWith("\nwarning: accuracies are judged on 500 images; use at least 1000\n"));
  assert.deepEqual(tableLines(printed({ ...record, curve: [] })).length, 7);
});

Deno.test("printEvaluation() keeps attack and accuracy on a terminal too narrow for more", () => {
  const head = tableLines(printed(sampleEvaluation(), 76))[0];
  assert.deepEqual(head, ["attack", "accuracy [95 % interval]"]);
});

Deno.test("printEvaluation() prints no control character of a name, label, stage or warning", () => {
  for (const hostile of [...HOSTILE_TEXTS, "a\x1b]0;owned\x07\n\u202Eb", "\x9b2J\r\b\x7f"]) {
    assert.match(printed(withText(hostile)), /^[^\p{Cc}\p{Cf}]+(\n[^\p{Cc}\p{Cf}]+)+\n$/u);
  }
});
