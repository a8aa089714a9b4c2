/** When Auto-PGD looks back, and what it looks for: Croce and Hein 2020, arXiv:2003.01690, section 3; the whole numbers as
 *  in the public AutoAttack code. @module */

/** A point where the steps so far are judged. */
export interface Checkpoint {
  /** Number of steps taken. */
  readonly after: number;
  /** Number of steps since the last checkpoint, or since the start. */
  readonly window: number;
}

/**
 * The checkpoints of a run. Windows begin at 22 % of the steps and shrink by 3 % to no less than 6 %, each rounded down but at
 * least one step: 22, 41, 57, 70, 80, 87, 93, 99 of 100.
 */
export function checkpoints(steps: number): Checkpoint[] {
  const share = (part: number) => Math.max(Math.trunc(part * steps), 1);
  const result: Checkpoint[] = [];
  let window = share(0.22);
  for (let after = window; after <= steps; after += window) {
    result.push({ after, window });
    window = Math.max(window - share(0.03), share(0.06));
  }
  return result;
}

/**
 * Whether at most ρ of the window's steps raised the loss (the paper's condition 1).
 *
 * The first window has nothing to compare its first step with. The public code takes the array's last element there, which
 * is still 0: so does this, since it decides for losses above 0, such as the cross-entropy, what a first step counts as.
 *
 * @param losses Loss after each step `[steps]`; 0 where the step is yet to come.
 * @param rho ρ, 0..1.
 */
export function oscillates(losses: Float32Array, { after, window }: Checkpoint, rho: number): boolean {
  let increases = 0;
  for (let step = after - window; step < after; step++) {
    if (losses[step]! > losses.at(step - 1)!) increases++;
  }
  return increases <= Math.fround(window * rho);
}
