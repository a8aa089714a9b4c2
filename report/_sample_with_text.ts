/** Hostile texts, and the sample result with one in every place that a file, a machine or an error message can fill.
 *  @module */

import type { FinalRow, Result } from "../bench/result.ts";
import { sampleWithPaper } from "./_sample_paper.ts";
import { sampleResult } from "./_sample_result.ts";

/** The sample with a text in every place that a file, a machine or an error message can fill. */
export function sampleWithText(text: string): Result {
  const result = sampleResult({ trouble: true, strong: true });
  return {
    ...result,
    suite: { ...result.suite, name: text, title: text, description: text, command: text, paper: paperWithText(text) },
    created: text,
    tool: { ...result.tool, version: text, commit: text, deno: text, tfjs: text },
    machines: result.machines.map((machine) => ({
      ...machine,
      cpu: text,
      gpu: text,
      os: text,
      osRelease: text,
      arch: text,
      deno: text,
      v8: text,
      tfjs: text,
    })),
    attacks: Object.fromEntries(
      Object.keys(result.attacks).map((key) => [key, { name: text, label: text, resolved: { [text]: text } }]),
    ),
    runs: result.runs.map((run, index) => ({
      ...run,
      label: `${text}${index}`,
      methodLabel: text,
      note: text,
      preset: text,
      alarm: [{ ...ALARM, attack: text }],
      message: run.message === null ? null : text,
      final: { ...run.final, last: finalWithText(run.final.last, text) },
      warnings: [...run.warnings.map(() => text), "catastrophic-overfitting"]
        .map((code) => ({ code, message: text, advice: text })),
      engine: run.engine && { ...run.engine, name: text, version: text, kernels: text, precision: text },
      config: {
        ...run.config,
        data: { name: [...text].slice(0, 64).join(""), options: { [text]: text } },
        model: { name: [...text].slice(0, 64).join(""), options: { [text]: text } },
        method: { name: run.config.method.name, options: { [text]: text } },
      },
    })),
  };
}

/** Weights that were judged, with the text as the name of every stage and of the split. */
function finalWithText(row: FinalRow | null, text: string): FinalRow | null {
  return row && {
    ...row,
    split: text,
    robust: row.robust.map((robust) => ({
      ...robust,
      ...robust.stages && { stages: robust.stages.map((stage) => ({ ...stage, name: text, label: text })) },
    })),
  };
}

const ALARM = {
  epoch: 1,
  step: 55,
  pgd: { accuracy: 0.5, correct: 256, count: 512 },
  fgsm: { accuracy: 0.5, correct: 256, count: 512 },
};

/** A paper's figures for the first two runs, all its texts replaced. */
function paperWithText(text: string): Result["suite"]["paper"] {
  const { paper } = sampleWithPaper().suite;
  if (!paper) return null;
  const [source, fromMemory] = [text, true];
  return {
    ...paper,
    ...{ title: text, reference: text, hardware: text, baseline: `${text}0` },
    model: { name: text, parameters: 1 },
    data: { ...paper.data, name: text, trainImages: 1, augmentation: text },
    attacks: [{ attack: text, name: text, epsilon: 0.2, options: {}, source, fromMemory }],
    claims: [{ text, source, fromMemory, factors: [{ value: 2, what: text, source, fromMemory }] }],
    rows: paper.rows.slice(0, 2).map((row, index) => ({
      ...row,
      ...{ run: `${text}${index}`, training: text },
      robust: [{ attack: text, value: 0.5, source, fromMemory }],
    })),
  };
}

/** Texts that try to be markup in one format or another. */
export const HOSTILE_TEXTS: readonly string[] = [
  "</text></svg><script>alert(1)</script>",
  "a|b\\|c",
  "![x](https://example.org/x.png) [y](javascript:alert(1)) https://example.org www.example.org",
  "\n\n# heading\n- item\n| a | b |\n```\nfence",
  "`code` **bold** _em_ ~~gone~~ $x^2$ &lt; &#x3c; <!-- -->",
  "```` ``` `",
  '=HYPERLINK("https://example.org","x"), +1, @x',
  "]]> <![CDATA[ <?xml ?> &quot; ' \"",
  "\u0000\u0008\u001b[31m\u202Eright to left\uFFFE\uD800",
  "w".repeat(5000),
  "𝕎 中文 😀 é",
];

/** All characters outside a report's code block that still act as markup: what is left once escaped ones are gone. */
export function skeleton(text: string): string {
  return text.replace(/^(`{3,})sh\n.*\n\1$/m, "CODE").replace(/\\[!-/:-@[-`{-~]/g, "").replace(
    /[^\n`*_[\]<>#|~$&!]/g,
    "",
  );
}
