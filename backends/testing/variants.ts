/** Every engine in each precision that tests compare in float32's tolerance, and whether it can run here. @module */

import { engines } from "../registry.ts";

/** `ignore` where the engine cannot run on this machine. */
export const variants = (await Promise.all(engines.map(async ({ name, precisions, available }) => {
  const ignore = !(await available()).available;
  return precisions.filter((precision) => precision !== "bf16").map((precision) => ({ name, precision, ignore }));
}))).flat();
