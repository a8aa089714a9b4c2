import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { resultSchema } from "../bench/result.ts";
import { sampleWithPaper } from "./_sample_paper.ts";
import { sampleResult } from "./_sample_result.ts";
import { jsonSchemas, schemaFile, schemaText } from "./json_schemas.ts";

for (const [name, schema] of Object.entries(jsonSchemas)) {
  Deno.test(`docs/schema/${name} is the generated schema`, async () => {
    assert.equal(await Deno.readTextFile(schemaFile(name)), schemaText(schema), "run: deno task schema");
  });
}

Deno.test("a real evaluation is valid under the published schema", async () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(jsonSchemas["evaluation.schema.json"]!);
  const file = new URL("../docs/results/evaluate-quick/pgd-7/evaluation.json", import.meta.url);
  const record: Record<string, unknown> = JSON.parse(await Deno.readTextFile(file));
  assert.ok(validate(record), JSON.stringify(validate.errors?.[0]));
  assert.equal(validate({ ...record, engine: "wasm" }), false);
});

Deno.test("the published schema and the program agree on what is a result", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: false }).compile(
    jsonSchemas["result.schema.json"]!,
  );
  const agree = (value: unknown, valid: boolean, what: string) => {
    assert.equal(resultSchema.safeParse(value).success, valid, `zod: ${what}`);
    assert.equal(validate(value), valid, `ajv: ${what}: ${JSON.stringify(validate.errors?.[0])}`);
  };
  agree(sampleResult({ seeds: [0, 1, 2], trouble: true }), true, "the sample");
  agree(sampleWithPaper(), true, "the sample with a paper");
  agree({ ...sampleResult(), runs: [], machines: [], attacks: {} }, true, "nothing run yet");
  const wrong: [string, string | number | null | undefined | object][] = [
    ["schema", "yopo-bench/result@2"],
    ["schema", undefined],
    ["suite.seeds.0", -1],
    ["suite.seeds.0", 0.5],
    ["suite.targets.0", 1.5],
    ["suite.sha256", "5".repeat(63)],
    ["machines.0.cores", "2"],
    ["tool.name", "another"],
    ["runs.0.status", "done"],
    ["runs.0.extra", 1],
    ["runs.0.points.0.trainSeconds", -1],
    ["runs.0.points.0.robust.0.accuracy", null],
    ["runs.0.config.optimizer.kind", "lion"],
    ["runs.0.config.optimizer.schedule.factor", 0],
    ["runs.0.cost", undefined],
  ];
  for (const [path, value] of wrong) agree(withValue(path, value), false, `${path} = ${JSON.stringify(value)}`);
});

/** The sample with one value at a path such as "runs.0.status"; undefined removes it. */
function withValue(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(sampleResult()));
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const parent = keys.reduce((part, key) => part[key], copy);
  parent[last] = value;
  return JSON.parse(JSON.stringify(copy));
}
