import assert from "node:assert/strict";
import { curveData } from "./curve_data.ts";
import { curvesSpec } from "./curves.ts";
import { sampleResult } from "./_sample_result.ts";
import { HOSTILE_TEXTS, sampleWithText } from "./_sample_with_text.ts";
import { png, svgToPng } from "./png.ts";
import { renderSvg } from "./svg.ts";
import type { Result } from "../bench/result.ts";

function keepPoints(result: Result, count: number): Result {
  return { ...result, runs: result.runs.map((run) => ({ ...run, points: run.points.slice(0, count) })) };
}

/** Width and height in a PNG's header. */
function sizeOf(bytes: Uint8Array): [number, number] {
  assert.deepEqual([...bytes.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

Deno.test("curveData() of one seed is the run itself, of several their median", () => {
  const one = curveData(sampleResult());
  assert.equal(one.several, false);
  assert.deepEqual(one.medians.map(({ robust }) => robust), one.runs.map(({ robust }) => robust));
  const three = curveData(sampleResult({ seeds: [0, 1, 2] }));
  assert.equal(three.several, true);
  assert.equal(three.runs.length, 3 * three.medians.length);
  const at = (line: string) => three.runs.filter((row) => row.line === line)[5]?.robust ?? NaN;
  const sorted = [at("pgd-7 0"), at("pgd-7 1"), at("pgd-7 2")].sort((a, b) => a - b);
  assert.equal(three.medians.filter((row) => row.run === "pgd-7")[5]?.robust, sorted[1]);
});

Deno.test("curveData() counts passes in images where batches differ", () => {
  const result = sampleResult();
  const [first] = result.runs;
  assert.ok(first);
  assert.equal(curveData(result).passUnit, "batches of 128");
  const runs = result.runs.map((run) => run === first ? { ...run, config: { ...run.config, batch: 64 } } : run);
  const mixed = curveData({ ...result, runs });
  assert.equal(mixed.passUnit, "images");
  // 7000 examples an epoch in 55 batches of 128, the last of them smaller; PGD-7 makes 8 full passes over each.
  const pgd = mixed.medians.filter(({ run }) => run === "pgd-7");
  assert.equal(pgd.at(-1)?.fullPasses, 6 * 7000 * 8);
  assert.ok(mixed.crossings.length > 0);
  for (const { run, trainSeconds, fullPasses } of mixed.crossings) {
    const point = mixed.medians.find((row) => row.run === run && row.trainSeconds === trainSeconds);
    assert.equal(fullPasses, point?.fullPasses);
  }
});

Deno.test("curveData() draws no crossing where a target was not reached, and no name without evaluations", () => {
  const data = curveData(sampleResult({ trouble: true }));
  assert.ok(data.crossings.length > 0);
  assert.ok(data.crossings.every(({ target, run }) => target < 0.9 && run !== "natural" && run !== "fgsm"));
  assert.ok(!data.names.includes("pgd-40") && data.names.includes("yopo-3-5"));
});

Deno.test("curveData() keeps names apart that are cut to the same length", () => {
  const names = curveData(sampleWithText("a long name that does not fit into the legend")).names;
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => name.length <= 33));
});

Deno.test("curvesSpec() gives every method its own pair of colour and shape, the same in both panels", () => {
  const [template] = sampleResult().runs;
  assert.ok(template);
  const many = Array.from({ length: 20 }, (_, index) => ({ ...template, label: `method-${index}` }));
  const text = JSON.stringify(curvesSpec({ ...sampleResult(), runs: many }));
  const ranges = [...text.matchAll(/"range":(\[[^\]]*\])/g)].map((match) => match[1] ?? "");
  const colours: string[] = JSON.parse(ranges.find((range) => range.includes("#")) ?? "[]");
  const shapes: string[] = JSON.parse(ranges.find((range) => range.includes("circle")) ?? "[]");
  assert.equal(new Set(colours.map((colour, index) => `${colour} ${shapes[index]}`)).size, 20);
  assert.equal(new Set(ranges).size, 2);
});

Deno.test("svg of one result is the same bytes each time, also side by side", async () => {
  const result = sampleResult({ seeds: [0, 1, 2] });
  const [first, second] = await Promise.all([renderSvg(result), renderSvg(result)]);
  assert.equal(first, second);
  assert.equal(await renderSvg(result), first);
});

Deno.test("svg shows title, attack, targets and every method", async () => {
  const text = await renderSvg(sampleResult());
  const shown = [
    "Embedded MNIST, small CNN, ε 0.2",
    "Attacked with PGD-20, L∞ ε=0.2, α=0.025, 1 restart, random start, on 500 validation images",
    "Training time (s)",
    "Full passes through the network (batches of 128)",
    "75 %",
    "One seed; Example CPU @ 2.80GHz, 2 cores.",
    ...["natural", "fgsm", "fgsm-rs", "pgd-3", "pgd-7", "yopo-5-3"],
  ];
  for (const words of shown) assert.ok(text.includes(`>${words}<`), words);
});

Deno.test("svg holds hostile texts as text and still draws", async () => {
  for (const text of HOSTILE_TEXTS) {
    const picture = await renderSvg(sampleWithText(text));
    assert.doesNotMatch(picture, /<script|<!|<\?|href=|\bon\w+=/i, text);
    assert.doesNotMatch(picture, /[^\P{Cc}\n]|\uFFFE/u, text);
  }
});

Deno.test("png of long and hostile texts is no wider than two screens", async () => {
  const [width] = sizeOf(await svgToPng(await renderSvg(sampleWithText(HOSTILE_TEXTS.join(" ")))));
  assert.ok(width > 1000 && width < 4000, `${width} pixels`);
});

Deno.test("png says that it cannot draw what is no SVG", async () => {
  await assert.rejects(svgToPng("<svg"), /^Error: Cannot draw the picture as PNG: /);
  assert.ok(sizeOf(await svgToPng(await renderSvg(keepPoints(sampleResult(), 2))))[0] > 1000);
});

Deno.test("pictures of no run, no point and one point are drawn", async () => {
  const empty = { ...sampleResult(), runs: [], machines: [] };
  for (const result of [empty, keepPoints(sampleResult(), 0), keepPoints(sampleResult(), 1)]) {
    assert.doesNotMatch(await renderSvg(result), /NaN|undefined|Infinity/);
    const bytes = await png.render(result);
    assert.ok(bytes instanceof Uint8Array);
    assert.ok(sizeOf(bytes)[0] > 1000);
  }
});

Deno.test("png draws text: the same picture without its text has fewer bytes", async () => {
  const picture = await renderSvg(sampleResult());
  const full = await svgToPng(picture);
  const bare = await svgToPng(picture.replaceAll(/<text .*?<\/text>/g, ""));
  assert.deepEqual(sizeOf(full), sizeOf(bare));
  assert.ok(full.length > 1.2 * bare.length, `${full.length} and ${bare.length} bytes`);
});
