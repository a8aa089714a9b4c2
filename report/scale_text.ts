/** How a suite that was scaled down says so. @module */

import type { Result } from "../bench/result.ts";

type Suite = Pick<Result["suite"], "title" | "scaled">;

/** "epochs × 0.05, training images × 0.2", without what was left as it is; null at full scale. */
export function scaleText({ scaled }: Pick<Suite, "scaled">): string | null {
  const parts = [["epochs", scaled?.epochs ?? 1], ["training images", scaled?.data ?? 1]] as const;
  const changed = parts.filter(([, factor]) => factor !== 1).map(([what, factor]) => `${what} × ${factor}`);
  return changed.length === 0 ? null : changed.join(", ");
}

/** The suite's title, saying once that the suite was scaled. */
export function titleWithScale({ title, scaled }: Suite): string {
  const scale = scaleText({ scaled });
  return scale === null || /(epochs|training images) × /.test(title) ? title : `${title} (${scale})`;
}
