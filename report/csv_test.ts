import assert from "node:assert/strict";
import { sampleResult } from "./_sample_result.ts";
import { HOSTILE_TEXTS, sampleWithText } from "./_sample_with_text.ts";
import { csv } from "./csv.ts";
import type { Result } from "../bench/result.ts";

/** A reader of RFC 4180, so that the test does not trust the writer. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? plain ?? "" : quoted.replaceAll('""', '"'));
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

async function rowsOf(result: Result): Promise<string[][]> {
  const text = await csv.render(result);
  assert.ok(typeof text === "string");
  return parse(text);
}

Deno.test("csv has one line a point with the record's own numbers", async () => {
  const result = sampleResult({ seeds: [0, 1] });
  const [header, ...rows] = await rowsOf(result);
  assert.ok(header);
  const points = result.runs.flatMap((run) => run.points.map((point) => ({ run, point })));
  assert.equal(rows.length, points.length);
  points.forEach(({ run, point }, index) => {
    const cell = (name: string) => rows[index]?.[header.indexOf(name)];
    assert.equal(cell("label"), run.label);
    assert.equal(cell("seed"), String(run.seed));
    assert.equal(Number(cell("trainSeconds")), point.trainSeconds);
    assert.equal(Number(cell("passesFull")), point.passes.full);
    assert.equal(Number(cell("robustAccuracy")), point.robust[0]?.accuracy);
    assert.equal(cell("loss"), point.loss === null ? "" : String(point.loss));
    assert.equal(cell("attack"), "PGD-20, L∞ ε=0.2, α=0.025, 1 restart, random start");
  });
});

Deno.test("csv keeps its columns whatever the texts are, and starts no formula", async () => {
  for (const text of HOSTILE_TEXTS) {
    const rows = await rowsOf(sampleWithText(text));
    for (const row of rows) {
      assert.equal(row.length, rows[0]?.length, text);
      for (const cell of row) assert.doesNotMatch(cell, /^[=+@]/);
    }
  }
});

Deno.test("csv keeps a point that no attack judged", async () => {
  const result = sampleResult();
  const runs = result.runs.slice(0, 1).map((run) => ({
    ...run,
    points: run.points.slice(0, 1).map((point) => ({ ...point, robust: [] })),
  }));
  const [header, row] = await rowsOf({ ...result, runs });
  assert.equal(row?.[header?.indexOf("robustAccuracy") ?? 0], "");
  assert.equal(row?.[header?.indexOf("step") ?? 0], "28");
});
