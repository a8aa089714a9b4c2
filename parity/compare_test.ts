import assert from "node:assert/strict";
import type { StoredTensor } from "../models/safetensors.ts";
import { compareFact, compareTensor } from "./compare.ts";
import { formatParityLine, type ParityLine, replayedAny } from "./lines.ts";
import {
  accuracies,
  correctImages,
  DEEP_GRADIENT,
  EXACT,
  FGSM_PIXELS,
  FORWARD,
  imagesUnlike,
  TRADES_IMAGES,
} from "./tolerances.ts";

const WHOLE = {
  variant: "paper",
  tensor: "t",
  shape: [5, 2],
  values: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
  tolerance: EXACT,
};

function stored(shape: number[], ...values: number[]): StoredTensor {
  return { dtype: "F32", shape, values: Float32Array.from(values) };
}

Deno.test("compareTensor() takes the part that the name asks for", () => {
  const cosines = Array.from(WHOLE.values).reduce((sum, value, i) => sum + value * Math.cos(0.001 * i), 0);
  const cases: [string, StoredTensor][] = [
    ["t", stored([5, 2], ...WHOLE.values)],
    ["t@1:3", stored([2, 2], 2, 3, 4, 5)],
    ["t@rows0::2", stored([3, 2], 0, 1, 4, 5, 8, 9)],
    ["t@rows1::3", stored([2, 2], 2, 3, 8, 9)],
  ];
  for (const [name, expected] of cases) assert.equal(compareTensor(WHOLE, name, expected).outcome, "pass", name);
  const images = { ...WHOLE, shape: [2, 3, 2], values: Float32Array.from({ length: 12 }, (_, i) => i) };
  const cuts: [string, StoredTensor][] = [
    ["t@0:2", stored([2, 2, 2], 0, 1, 2, 3, 6, 7, 8, 9)], // the second axis is the one that is shorter here
    ["t@0:1", stored([1, 3, 2], 0, 1, 2, 3, 4, 5)],
    ["t@1,1:3,:", stored([2, 2], 8, 9, 10, 11)],
    ["t@1", stored([3, 2], 6, 7, 8, 9, 10, 11)],
    ["t@:,2,0:1", stored([2, 1], 4, 10)],
  ];
  for (const [name, expected] of cuts) assert.equal(compareTensor(images, name, expected).outcome, "pass", name);
  const summary = stored([3], 45, Math.sqrt(285), cosines);
  assert.equal(compareTensor({ ...WHOLE, tolerance: FORWARD }, "t@sums", summary).outcome, "pass");
  assert.equal(compareTensor(WHOLE, "paper/t", stored([5, 2], ...WHOLE.values)).quantity, "t");
});

Deno.test("compareTensor() fails on other parts, shapes and values", () => {
  const wrong: [string, StoredTensor, RegExp?][] = [
    ["t@1:3", stored([2, 2], 2, 3, 4, 6)],
    ["t@every", stored([1], 0), /no such part of a tensor: t@every/],
    ["t@1,every", stored([1], 0), /no such part of a tensor: t@1,every/],
    ["t@0,0,0", stored([1], 0), /no such part of a tensor: t@0,0,0/],
    ["t@1,0:2", stored([2], 2, 4)],
    ["t", stored([10], ...WHOLE.values), /shape \[5,2\] where the manifest has \[10\]/],
    ["t", stored([5, 2], NaN, ...WHOLE.values.slice(1))],
  ];
  for (const [name, expected, reason] of wrong) {
    const line = compareTensor(WHOLE, name, expected);
    assert.equal(line.outcome, "FAIL");
    if (reason !== undefined) assert.match(line.reason!, reason);
  }
});

Deno.test("compareFact() demands equality, or what the fact says", () => {
  const fact = { variant: "-", quantity: "parameters", actual: 312_202 };
  assert.equal(compareFact({ ...fact, expected: 312_202 }).outcome, "pass");
  assert.deepEqual(compareFact({ ...fact, expected: 312_203 }).error, 1);
  const outcomeAt = (tolerance: number) => compareFact({ ...fact, expected: 312_205, tolerance }).outcome;
  assert.deepEqual([0, 2, 3].map(outcomeAt), ["FAIL", "FAIL", "pass"]);
  assert.equal(compareFact({ ...fact, actual: NaN, expected: 1, tolerance: 9 }).outcome, "FAIL");
});

Deno.test("tolerances measure as their names say", () => {
  assert.equal(FORWARD.error([1, 2.5], [1, 2]), 0.25);
  assert.equal(FORWARD.error([0, 0], [0, 0]), 0);
  assert.equal(FORWARD.error([1], [0]), Infinity);
  assert.ok(Number.isNaN(FORWARD.error([NaN], [1])) && Number.isNaN(FORWARD.error([1], [NaN])));
  assert.equal(FGSM_PIXELS.error([0, 0.1, 0.2, NaN], [0, 0.1 + 5e-5, 0.3, 0]), 0.5);
  assert.equal(DEEP_GRADIENT.error([3, 4.5], [3, 4]), 0.1);
  assert.equal(DEEP_GRADIENT.error([0, 0], [0, 0]), 0);
  assert.ok(Number.isNaN(DEEP_GRADIENT.error([NaN], [1])));
  assert.equal(TRADES_IMAGES.error([0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3.1, 4, NaN, 6, 7], [4, 2]), 0.5);
  assert.equal(correctImages(32).error([1, 0, 1], [0, 1, 0]), 1);
  assert.equal(accuracies(32).error([0.5, 1], [0.5, 1 - 2 / 32]), 2);
  assert.deepEqual([accuracies(32).limit, accuracies(500).limit], [1, 2]);
  assert.equal(imagesUnlike(3).error([1, 1, 0, 2, 2, 2], [1, 0, 1, 2, 2, 5]), 2, "the most in one row of 3");
});

Deno.test("formatParityLine() gives six cells, a reason in the error's place", () => {
  const line: ParityLine = {
    outcome: "pass",
    case: "smallcnn-forward",
    variant: "-",
    quantity: "logits",
    error: 1.23456e-7,
    tolerance: 1e-5,
  };
  assert.equal(formatParityLine(line), "pass\tsmallcnn-forward\t-\tlogits\t1.23e-7\t0.00001");
  const failed = { ...line, outcome: "FAIL", error: null, tolerance: null, reason: "two\nlines\there" } as const;
  assert.equal(formatParityLine(failed), "FAIL\tsmallcnn-forward\t-\tlogits\ttwo lines here\t-");
  assert.equal(formatParityLine({ ...line, outcome: "FAIL", error: NaN }).split("\t")[4], "NaN");
});

Deno.test("replayedAny() counts what passed or failed", () => {
  const line = { case: "c", variant: "-", quantity: "q", error: null, tolerance: null };
  assert.equal(replayedAny([]), false);
  assert.equal(replayedAny([{ ...line, outcome: "unsupported" }]), false);
  assert.equal(replayedAny([{ ...line, outcome: "unsupported" }, { ...line, outcome: "FAIL" }]), true);
});
