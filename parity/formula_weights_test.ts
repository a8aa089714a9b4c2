import assert from "node:assert/strict";
import { join } from "node:path";
import { findModel } from "../models/registry.ts";
import { formulaValues, formulaWeights } from "./formula_weights.ts";
import { openManifest } from "./manifest.ts";

const text = await Deno.readTextFile(join(import.meta.dirname!, "../tests/fixtures/preact18-forward.json"));

interface Row {
  k: number;
  name: string;
  shape: number[];
  offset: number;
  scale: number;
  first3: number[];
}

const table: Row[] = JSON.parse(text).weightTable;

Deno.test("formulaValues() begins every tensor as the manifest states", () => {
  assert.ok(table.length > 50);
  for (const { first3, ...row } of table) {
    assert.deepEqual([...formulaValues(row, 3)], first3.map(Math.fround), row.name);
  }
});

Deno.test("formulaWeights() refuses a table that does not fit the model", () => {
  const model = findModel("preact-resnet18").create();
  const cases: [Row[] | undefined, RegExp][] = [
    [table.slice(1), /weightTable: "conv1\/kernel" is missing/],
    [[{ ...table[0]!, shape: [3, 3, 3, 16] }, ...table.slice(1)], /"conv1\/kernel" has shape \[3,3,3,16\], expected/],
    [[...table, { ...table[0]!, name: "bn9/gamma" }], /rows where the model has/],
    [undefined, /Cannot read manifest: weightTable: /],
  ];
  for (const [weightTable, message] of cases) {
    const manifest = openManifest(JSON.stringify({ ...JSON.parse(text), weightTable })).read();
    assert.throws(() => formulaWeights(model, manifest), { message });
  }
});
