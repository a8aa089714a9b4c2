/** A network's buffers, the running statistics of batch normalisation, go wherever its weights go. */
import assert from "node:assert/strict";
import { engines } from "../backends/registry.ts";
import { decodeWeights } from "../models/weights.ts";
import { smokeJob, smokeRun } from "./_smoke_run.ts";
import { evaluateOn } from "./evaluate_weights.ts";

const TINY_BN = 'model={"name":"tiny-bn","options":{"height":12,"width":12,"channels":1,"classes":4}}';

/** Little enough for the cpu engine. */
const LITTLE = [
  ...["data.options.train=64", "evaluation.count=16", "final.count=16", "strong=null"],
  'final.attacks=[{"name":"pgd-2"}]',
  'evaluation.attack={"name":"fgsm"}',
];

const untimed = (value: unknown) => JSON.stringify(value, (key, part) => key === "seconds" ? undefined : part);

for (const definition of engines) {
  const { available } = await definition.available();
  Deno.test({
    name: `saved weights of a batch-normalised run are judged as the run judged itself on ${definition.name}`,
    ignore: !available,
    async fn() {
      const engine = await definition.open(), which = { label: "yopo-3-2", set: [TINY_BN, ...LITTLE] };
      const { events, saved, end } = await smokeRun({ engine, ...which });
      assert.equal(end.status, "completed");
      const { config, evaluation, final, cache } = await smokeJob(which);
      for (const kind of ["last", "best"] as const) {
        const { bytes } = saved.find((weights) => weights.kind === kind)!;
        const { clean, robust } = await evaluateOn(engine, {
          ...{ weights: bytes, source: kind, split: "final", limit: final.count, data: config.data, cache },
          ...{ threat: config.threat, attacks: final.attacks, batch: evaluation.batch, seed: evaluation.seed },
        }, () => {});
        const own = events.find((event) => event.event === "final" && event.which === kind);
        assert.ok(own?.event === "final");
        assert.equal(untimed({ clean, robust }), untimed({ clean: own.clean, robust: own.robust }));
      }
      const { weights } = decodeWeights(saved.find(({ kind }) => kind === "last")!.bytes, "last");
      assert.ok(weights.get("bn1.variance")!.values.every((value) => value !== 1), "the statistics have moved");
      const again = await smokeRun({ engine, ...which });
      const shaOf = (run: typeof again) => run.saved.map(({ kind, weightsSha256 }) => [kind, weightsSha256]);
      if (definition.name !== "tensorflow") assert.deepEqual(shaOf(again), shaOf({ ...again, saved }));
    },
  });
}
