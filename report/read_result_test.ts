import assert from "node:assert/strict";
import { sampleResult } from "./_sample_result.ts";
import { HOSTILE_TEXTS, sampleWithText } from "./_sample_with_text.ts";
import { readResult } from "./read_result.ts";

const broken = (change: (value: Record<string, unknown>) => void): string => {
  const value = JSON.parse(JSON.stringify(sampleResult()));
  change(value);
  return JSON.stringify(value);
};

Deno.test("readResult() gives back what was written", () => {
  for (const result of [sampleResult(), sampleResult({ seeds: [0, 1, 2], trouble: true })]) {
    assert.deepEqual(readResult(JSON.stringify(result), "result.json"), result);
  }
});

Deno.test("readResult() says in one plain line what is wrong", () => {
  const cases: [string, RegExp][] = [
    ["", /^SyntaxError: Cannot read out\/result\.json: not JSON \(.*\); it may be cut off$/],
    [JSON.stringify(sampleResult()).slice(0, 500), /^SyntaxError: .*not JSON/],
    ["[]", /^TypeError: .*it must be an object whose "schema" is "yopo-bench\/result@1"/],
    ["null", /^TypeError: .*it must be an object/],
    ["{}", /^TypeError: .*it must be an object/],
    [broken((v) => v.schema = "yopo-bench/result@2"), /^RangeError: .*"yopo-bench\/result@2" and this version reads/],
    [broken((v) => v.schema = "x\n".repeat(500)), /^RangeError: .*"x x x.*…"/],
    [broken((v) => delete v.runs), /^TypeError: Cannot read out\/result\.json: runs: .*expected array/],
    [broken((v) => Object.assign(v, { extra: 1 })), /^TypeError: .*: extra: Unrecognized key/],
    [broken((v) => v.created = 5), /^TypeError: .*: created: .*expected string/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => readResult(text, "out/result.json"), (error: Error) => {
      assert.match(String(error), message);
      assert.doesNotMatch(String(error), /\n/);
      return true;
    });
  }
});

Deno.test("readResult() names the path of the first wrong key", () => {
  const result = sampleResult();
  const runs = result.runs.map((run, index) =>
    index !== 1 ? run : {
      ...run,
      points: run.points.map((point, at) => at === 3 ? { ...point, clean: { ...point.clean, accuracy: 97 } } : point),
    }
  );
  assert.throws(
    () => readResult(JSON.stringify({ ...result, runs }), "r.json"),
    /TypeError: Cannot read r\.json: runs\[1\]\.points\[3\]\.clean\.accuracy: /,
  );
});

Deno.test("readResult() takes any text in text fields", () => {
  for (const text of HOSTILE_TEXTS) {
    const result = sampleWithText(text);
    assert.deepEqual(readResult(JSON.stringify(result), "r.json"), JSON.parse(JSON.stringify(result)));
  }
});
