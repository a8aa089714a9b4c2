import assert from "node:assert/strict";
import { loadSuite } from "../bench/load_suite.ts";
import { findPaper } from "../bench/paper.ts";
import { planRuns } from "../bench/run_config.ts";
import type { Result, RunRecord } from "../bench/result.ts";
import { sampleResult } from "../report/_sample_result.ts";
import { matchAttack, trainingReasons } from "../report/paper_reasons.ts";

const NAMES = ["table1", "table2", "table3", "figure-mnist", "figure-cifar10"];

/** What the suite would leave if every run had completed with the paper's network and images. */
async function completed(name: string): Promise<Result> {
  const suite = await loadSuite(name);
  const paper = await findPaper(suite.paper ?? "");
  const [record] = sampleResult().runs;
  const runs = planRuns(suite).map(({ label, config }): RunRecord => ({
    ...record!,
    label,
    parameters: paper.model.parameters,
    counts: { train: paper.data.trainImages, validation: 0, final: paper.data.testImages },
    config,
  }));
  const attacks = suite.final.attacks.map(({ name, options }, index) => {
    const defaults = { restarts: 1, randomStart: true, loss: "cross-entropy" };
    return [`${index}`, { name, label: name, resolved: { ...defaults, ...options } }] as const;
  });
  const final = { ...sampleResult().suite.final, attacks: attacks.map(([key]) => key) };
  const described = { ...sampleResult().suite, threat: suite.threat, paper, final };
  return { ...sampleResult(), suite: described, attacks: Object.fromEntries(attacks), runs };
}

Deno.test("the paper's suites follow its published recipes, data and attacks", async () => {
  for (const name of NAMES) {
    const result = await completed(name);
    const paper = result.suite.paper!;
    assert.deepEqual(paper, await findPaper(name), `suite ${name} names its own table`);
    for (const row of paper.rows) {
      const codes = trainingReasons(result, paper, row).map(({ code }) => code);
      assert.deepEqual(codes, row.recipe === null ? ["recipe not published"] : [], `${name}, ${row.run}`);
      for (const { attack } of row.robust) {
        const { key, reasons } = matchAttack(result, paper, attack, result.suite.final.attacks);
        assert.notEqual(key, null, `${name}, ${attack}`);
        assert.deepEqual(reasons.map(({ code }) => code), attack === "CW" ? ["attack not specified"] : []);
      }
    }
  }
});
