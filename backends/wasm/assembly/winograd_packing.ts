// Filters for Winograd's minimal filtering, laid out as the register blocks of product_blocks.ts read them.
import { filterFour } from "./winograd_four";
import { LINE, WORK } from "./winograd_tiles";
import { filterTwo } from "./winograd_two";

/**
 * packed[plane, panel, i, k]: the planes of a 3x3 filter, each as packPanels lays it out and 64 bytes more; steps as there.
 * `outer` is a multiple of 8.
 *
 * @param work 720 bytes.
 */
export function packWinograd(
  filter: usize,
  packed: usize,
  side: i32,
  rowStep: usize,
  columnStep: usize,
  inner: i32,
  innerStep: usize,
  outer: i32,
  outerStep: usize,
  work: usize,
): void {
  const plane = (<usize> (inner * outer) << 2) + LINE, taps = work + WORK;
  for (let first = 0; first < outer; first += 8) {
    for (let i = 0; i < inner; i++) {
      for (let k = 0; k < 8; k += 4, packed += 16) {
        const from = filter + i * innerStep + (first + k) * outerStep;
        for (let t = 0; t < 9; t++) {
          v128.store(taps + (t << 4), gather(from + (t / 3) * rowStep + (t % 3) * columnStep, outerStep));
        }
        if (side == 4) filterFour(taps, packed, plane, work);
        else filterTwo(taps, packed, plane, work);
      }
    }
  }
}

/** Four floats `step` bytes apart. */
function gather(from: usize, step: usize): v128 {
  if (step == 4) return v128.load(from);
  const low = v128.load32_lane(from + step, v128.load32_zero(from), 1);
  return v128.load32_lane(from + 3 * step, v128.load32_lane(from + 2 * step, low, 2), 3);
}
