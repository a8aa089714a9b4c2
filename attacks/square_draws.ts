/** What both kinds of Square attack draw. @module */

import type { RandomStream } from "../random/random.ts";

/** 1 or −1, equally likely. */
export function drawSign(stream: RandomStream): 1 | -1 {
  return stream.uint32() >>> 31 === 0 ? 1 : -1;
}

/** An integer from 0 to room − 1, and 0 where there is no room: as in the public code, a square's last place, `room` itself,
 *  is never drawn. */
export function drawOffset(stream: RandomStream, room: number): number {
  return Math.floor(stream.uniform() * room);
}
