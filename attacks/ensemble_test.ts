import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { correctness, drawFrom, makeSubject } from "./_test_subject.ts";
import type { Attack, ThreatModel } from "./attack.ts";
import { ensemble } from "./ensemble.ts";
import { pgd } from "./pgd.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.3 };

/** Notes whom it meets, and answers with another attack's images. */
function noting(name: string, of: Attack, met: Map<string, number[]>): Attack {
  return {
    ...of,
    name,
    perturb(model, batch, draw) {
      met.set(name, [...batch.ids]);
      return of.perturb(model, batch, draw);
    },
  };
}

Deno.test("ensemble() shows a stage only images that are still classified correctly, always from the clean one", async () => {
  const { model, batch, dispose } = await makeSubject(await cpuEngine.open());
  const weak = pgd({ ...LINF, epsilon: 0.05 }, { steps: 2, randomStart: false }), strong = pgd(LINF, { steps: 5 });
  const met = new Map<string, number[]>();
  const attack = ensemble({
    ...{ name: "both", label: "both", threat: LINF, resolved: {} },
    stages: [noting("weak", weak, met), noting("strong", strong, met)],
  });
  const images = await attack.perturb(model, batch, drawFrom(1));
  const clean = await correctness(model, batch.x, batch.y);
  assert.deepEqual(met.get("weak"), [...batch.ids].filter((_, i) => clean[i] === 1));
  const afterWeak = await weak.perturb(model, batch, drawFrom(1));
  const left = await correctness(model, afterWeak, batch.y);
  assert.deepEqual(met.get("strong"), [...batch.ids].filter((_, i) => clean[i] === 1 && left[i] === 1));
  const after = await correctness(model, images, batch.y);
  after.forEach((correct, i) => assert.ok(correct <= clean[i]! && correct <= left[i]!));
  assert.ok(met.get("strong")!.length > 0 && met.get("strong")!.length < met.get("weak")!.length);
  tf.dispose([images, afterWeak]);
  dispose();
});

Deno.test("ensemble() counts the passes of all its stages", () => {
  const stages = [pgd(LINF, { steps: 3 }), pgd(LINF, { steps: 4, restarts: 2 })] as const;
  const { passes, forwards } = ensemble({ name: "x", label: "x", threat: LINF, resolved: {}, stages: [...stages] });
  assert.equal(passes, 3 + 8);
  assert.equal(forwards, stages[0].forwards + stages[1].forwards + 2);
});
