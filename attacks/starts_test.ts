import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { drawFrom } from "./_test_subject.ts";
import { clipStart, uniformStart } from "./starts.ts";

const SHAPE: [number, number, number, number] = [200, 2, 3, 1];
const IDS = Uint32Array.from({ length: 200 }, (_, i) => 3 * i);

async function startRows(norm: "linf" | "l2", epsilon: number): Promise<number[][]> {
  await cpuEngine.open();
  const start = uniformStart({ norm, epsilon }, SHAPE, IDS, (id) => drawFrom(2)("start", id));
  const values = [...await start.data()];
  start.dispose();
  return Array.from(IDS, (_, row) => values.slice(6 * row, 6 * row + 6));
}

Deno.test("uniformStart() fills the L∞ ball evenly", async () => {
  const values = (await startRows("linf", 0.3)).flat();
  assert.ok(values.every((value) => Math.abs(value) <= Math.fround(0.3)));
  for (let tenth = -5; tenth < 5; tenth++) {
    const share = values.filter((value) => value >= 0.06 * tenth && value < 0.06 * (tenth + 1)).length / values.length;
    assert.ok(share > 0.07 && share < 0.13, `share ${share} between ${0.06 * tenth} and ${0.06 * (tenth + 1)}`);
  }
});

Deno.test("uniformStart() fills the L2 ball evenly", async () => {
  const rows = await startRows("l2", 2);
  const radii = rows.map((row) => Math.hypot(...row));
  assert.ok(radii.every((radius) => radius <= 2 + 1e-6));
  const inner = radii.filter((radius) => radius < 2 * 0.5 ** (1 / 6)).length / radii.length; // half of the volume
  assert.ok(inner > 0.38 && inner < 0.62, `share ${inner} in the inner half`);
  const up = rows.filter((row) => row[0]! > 0).length / rows.length;
  assert.ok(up > 0.38 && up < 0.62, `share ${up} has a positive first pixel`);
});

Deno.test("uniformStart() draws by image, whatever the batch", async () => {
  const rows = await startRows("linf", 0.3);
  const alone = uniformStart({ norm: "linf", epsilon: 0.3 }, [1, 2, 3, 1], IDS.slice(7, 8), (id) => {
    return drawFrom(2)("start", id);
  });
  assert.deepEqual([...await alone.data()], rows[7]);
  alone.dispose();
});

Deno.test("clipStart() keeps x + η in the box and moves no pixel that is inside", async () => {
  await cpuEngine.open();
  const x = tf.tensor4d([0, 0.5, 1, 0.75], [1, 2, 2, 1]), eta = tf.tensor4d([-0.25, 0.25, 0.25, 0.5], [1, 2, 2, 1]);
  const clipped = clipStart(x, eta);
  assert.deepEqual([...await clipped.data()], [0, 0.25, 0, 0.25]);
  tf.dispose([x, eta, clipped]);
});
