/** Time of one projection: `deno bench attacks/fab_projections_bench.ts`. @module */

import { random } from "../random/random.ts";
import { hyperplaneProjection } from "./fab_projections.ts";

for (const [pixels, data] of [[784, "MNIST"], [3072, "CIFAR-10"]] as const) {
  const stream = random(1, "projections", pixels);
  const point = Float32Array.from({ length: pixels }, () => Math.min(1, Math.max(0, stream.uniform(-0.5, 1.5))));
  const normal = Float32Array.from({ length: pixels }, () => stream.normal());
  const step = new Float32Array(pixels);
  const middle = normal.reduce((sum, w, i) => sum + w * point[i]!, 0);
  for (const norm of ["linf", "l2"] as const) {
    const project = hyperplaneProjection(norm, pixels);
    for (const [reach, distance] of [["near", 0.3], ["far", 8], ["out of reach", 1000]] as const) {
      Deno.bench(`${norm}, ${pixels} pixels (${data}), hyperplane ${reach}`, () => {
        project(point, { normal, offset: middle + distance * Math.sqrt(pixels) }, step);
      });
    }
  }
}
