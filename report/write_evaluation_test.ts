import assert from "node:assert/strict";
import { join } from "node:path";
import { firstCorrect, sampleEvaluation } from "./_sample_evaluation.ts";
import { HOSTILE_TEXTS, skeleton } from "./_sample_with_text.ts";
import { curveRows, evaluationCurveSpec } from "./evaluation_curve.ts";
import { evaluationMarkdown } from "./evaluation_markdown.ts";
import type { EvaluationRecord } from "../bench/evaluation_record.ts";
import { drawSpec } from "./svg.ts";
import { writeEvaluationReport } from "./write_evaluation.ts";

/** The sample with a text in every place that a file or a machine can fill. */
function withText(text: string): EvaluationRecord {
  const record = sampleEvaluation();
  return {
    ...record,
    model: { name: text, options: { [text]: text } },
    data: { name: text, options: { [text]: text } },
    split: text,
    machine: { ...record.machine, cpu: text, gpu: text, os: text, osRelease: text, arch: text, deno: text, v8: text },
    tool: { ...record.tool, version: text, commit: text },
    engine: record.engine && { ...record.engine, name: text, kernels: text, reason: text },
    attacks: Object.fromEntries(
      Object.keys(record.attacks).map((
        key,
        i,
      ) => [key, { name: text, label: `${i}${text}`, resolved: { [text]: text } }]),
    ),
    robust: record.robust.map((row) => ({
      ...row,
      ...row.stages && { stages: row.stages.map((stage) => ({ ...stage, name: text, label: text })) },
    })),
    warnings: [{ code: text, message: text, advice: text }],
  };
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeEvaluationReport() writes the report and the curve as SVG and PNG, and nothing else", async () => {
  await inFolder(async (folder) => {
    const paths = await writeEvaluationReport(folder, sampleEvaluation());
    const names = ["report.md", "curve.svg", "curve.png"];
    assert.deepEqual(paths, names.map((name) => join(folder, name)));
    const found = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assert.deepEqual(found, names.toSorted());
    const png = await Deno.readFile(join(folder, "curve.png"));
    assert.deepEqual([...png.subarray(1, 4)], [...new TextEncoder().encode("PNG")]);
  });
});

Deno.test("writeEvaluationReport() draws no curve that was not measured, and says where it cannot write", async () => {
  await inFolder(async (folder) => {
    const plain = { ...sampleEvaluation(), curve: [] };
    assert.deepEqual(await writeEvaluationReport(folder, plain), [join(folder, "report.md")]);
    assert.doesNotMatch(await Deno.readTextFile(join(folder, "report.md")), /curve\.svg|## Accuracy against/);
    await assert.rejects(
      writeEvaluationReport(join(folder, "nowhere"), plain),
      /^Error: Cannot write .*report\.md: there is no such file or folder$/,
    );
  });
});

Deno.test("evaluationMarkdown() begins with what is left, then its warnings", () => {
  const [title, , headline, , warnings, , warning] = evaluationMarkdown(sampleEvaluation()).split("\n");
  assert.equal(title, "# Evaluation of small-cnn on 500 held-out images of mnist-embedded");
  assert.equal(
    headline,
    "**small-cnn** classifies 96.0 % [93.9, 97.4] of 500 images correctly without an attack, and 80.0 % [76.3, 83.3] under " +
      "the attack that leaves the lowest accuracy, APGD-CE+T, L∞ ε = 0.2. Image by image, 80.0 % [76.3, 83.3] of 500 " +
      "withstand all 3 attacks.",
  );
  assert.equal(warnings, "**Warnings**");
  assert.equal(warning, "- accuracies are judged on 500 images; use at least 1000 (few-images)");
  assert.match(evaluationMarkdown({ ...sampleEvaluation(), warnings: [] }), /^No warnings\.$/m);
});

Deno.test("evaluationMarkdown() holds attacks, stages, the order check, the curve and what was run", () => {
  const text = evaluationMarkdown(sampleEvaluation());
  assert.match(text, /^\| none \| 96\.0 % \[93\.9, 97\.4\] \| 480 \| 500 \| – \| – \|$/m);
  assert.match(text, /^\| APGD-CE\+T \| 80\.0 % \[76\.3, 83\.3\] \| 400 \| 500 \| 12\.0 s \| 0\.2 \|$/m);
  assert.match(text, /^\| apgd-t \| 410 \| 400 \| 80\.0 % \[76\.3, 83\.3\] \| 30\.0 s \|$/m);
  assert.match(text, /^Order check, .* 5 pairs were compared; no stronger attack left more/m);
  assert.match(text, /^\| ε \| FGSM \| PGD-20 \|\n.*\n\| 0\.1 \| 93\.0 % \[90\.4, 94\.9\] \| 90\.0 %/m);
  assert.match(text, /^- PGD-20: PGD-20, L∞ ε=0\.2, α=0\.025, 1 restart\. All options: steps=20, restarts=1$/m);
  assert.match(text, /^- Model small-cnn .*weightsSha256 `a{64}`$/m);
  assert.match(text, /^- Threat L∞ ε = 0\.2; seed 0$/m);
  assert.match(text, /^- Engine wasm 4\.22\.0, .*$/m);
});

Deno.test("evaluationMarkdown() puts a significant inversion above everything else", () => {
  const record = sampleEvaluation();
  const robust = record.robust.map((row) => row.stages ? { ...row, ...firstCorrect(460) } : row);
  const [, , notice] = evaluationMarkdown({ ...record, robust }).split("\n");
  assert.match(
    notice ?? "",
    /^\*\*Attacks out of order\*\*: APGD-CE\+T left 460 \(92\.0 %\) of 500 images correct, more than the weaker PGD-20 with 420/,
  );
});

Deno.test("evaluationMarkdown() counts an image only where it withstands every attack", () => {
  const record = sampleEvaluation();
  const [first, second] = record.robust;
  assert.ok(first && second);
  const swapped = { ...second, correctBits: `${"00".repeat(10)}${second.correctBits?.slice(20)}` };
  const text = evaluationMarkdown({ ...record, robust: [first, swapped] });
  assert.match(text, /Image by image, 68\.0 % \[63\.8, 71\.9\] of 500 withstand all 2 attacks/);
  const { correctBits: _none, ...bare } = second;
  assert.doesNotMatch(evaluationMarkdown({ ...record, robust: [first, bare] }), /Image by image/);
});

Deno.test("evaluationMarkdown() tells two attacks of the same title apart", () => {
  const record = sampleEvaluation();
  const attacks = Object.fromEntries(
    Object.entries(record.attacks).map(([key, attack]) => [key, { ...attack, label: "PGD-9, L∞ ε=0.2" }]),
  );
  assert.match(evaluationMarkdown({ ...record, attacks }), /^\| PGD-9 \(attack 1\) .*\n\| PGD-9 \(attack 2\) /m);
});

Deno.test("evaluationMarkdown() of clean accuracy alone, and of attacks that the record does not explain", () => {
  const record = sampleEvaluation();
  assert.match(
    evaluationMarkdown({ ...record, robust: [], curve: [] }),
    /of 500 images correctly\. No attack was run\./,
  );
  assert.match(evaluationMarkdown({ ...record, attacks: {} }), /^- fgsm-00000001: no more is recorded of it$/m);
});

Deno.test("evaluationMarkdown()'s structure does not depend on any text in the record", () => {
  const expected = skeleton(evaluationMarkdown(withText("x")));
  for (const text of HOSTILE_TEXTS) assert.equal(skeleton(evaluationMarkdown(withText(text))), expected, text);
});

Deno.test("curveRows() begins at clean accuracy, in the order of ε, with Wilson's interval", () => {
  const rows = curveRows(sampleEvaluation()).filter(({ attack }) => attack === "PGD-20");
  assert.deepEqual(rows.map(({ epsilon, accuracy }) => [epsilon, accuracy]), [[0, 0.96], [0.1, 0.9], [0.2, 0.84], [
    0.3,
    0.78,
  ]]);
  for (const { accuracy, lower, upper } of rows) assert.ok(lower < accuracy && accuracy < upper);
});

Deno.test("curveRows() adds no clean point of other images, or where the record has one", () => {
  const record = sampleEvaluation();
  const fewer = record.curve.map((point) => ({ ...point, count: 480 }));
  assert.ok(curveRows({ ...record, curve: fewer }).every(({ epsilon }) => epsilon > 0));
  const own = [...record.curve, ...record.curve.slice(0, 2).map((point) => ({ ...point, epsilon: 0, correct: 470 }))];
  const zeros = curveRows({ ...record, curve: own }).filter(({ epsilon }) => epsilon === 0);
  assert.deepEqual(zeros.map(({ accuracy }) => accuracy), [0.94, 0.94]);
});

Deno.test("the security curve draws every attack, and hostile texts as text", async () => {
  const svg = await drawSpec(evaluationCurveSpec(sampleEvaluation()));
  for (const part of ["FGSM", "PGD-20", "small-cnn: accuracy against ε", "500 held-out images"]) {
    assert.ok(svg.includes(part));
  }
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  for (const text of HOSTILE_TEXTS) {
    const picture = await drawSpec(evaluationCurveSpec(withText(text)));
    assert.doesNotMatch(picture, /<script|<!|<\?|href=|\bon\w+=/i, text);
    assert.doesNotMatch(picture, /[^\P{Cc}\n]|\uFFFE/u, text);
  }
});
