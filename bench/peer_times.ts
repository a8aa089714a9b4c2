/** Seconds per step that another program measured, as JSON lines, and how ours compare. @module */

import { z } from "zod";
import type { CostReport } from "./on_team.ts";
import { UsageError } from "./usage_error.ts";

/** One line. Further keys are let pass: they are the other program's affair. */
const peerSchema = z.object({
  framework: z.string().min(1),
  model: z.string(),
  method: z.string(),
  batch: z.int().min(1),
  layout: z.string().default("default"),
  threads: z.int().min(1).nullable().default(null),
  device: z.string().default("cpu"),
  secondsPerStep: z.object({ median: z.number().positive() }),
});

/** What another program needed for one step. */
export type PeerTime = z.infer<typeof peerSchema>;

/** A peer's median and ours. */
export interface Comparison {
  readonly framework: string;
  readonly layout: string;
  readonly threads: number | null;
  readonly device: string;
  /** The peer's median. */
  readonly secondsPerStep: number;
  /** Our median by the peer's: below 1 we are faster. */
  readonly ratio: number;
}

/** @throws {UsageError} When a line is not what it should be: which line, and what is wrong. */
export function readPeerTimes(text: string, source: string): PeerTime[] {
  const lines = text.split("\n").map((line, i) => ({ line: line.trim(), number: i + 1 }));
  return lines.filter(({ line }) => line !== "").map(({ line, number }) => readLine(line, `${source}:${number}`));
}

function readLine(line: string, place: string): PeerTime {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UsageError(`Cannot read ${place}: not JSON; expected one JSON object a line`, { cause: error });
  }
  const { success, data, error } = peerSchema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new UsageError(`Cannot read ${place}: ${[...issue!.path, issue!.message].join(": ")}`);
}

/**
 * Each framework, device and thread count in its better layout, for the work that was measured here.
 *
 * @throws {UsageError} When there is none for it.
 */
export function compareWith(
  peers: readonly PeerTime[],
  work: Pick<CostReport, "model" | "method" | "batch" | "secondsPerStep">,
  source: string,
): Comparison[] {
  checkPeers(peers, work, source);
  const best = new Map<string, PeerTime>();
  for (const peer of peers.filter((peer) => isSameWork(peer, work))) {
    const key = JSON.stringify([peer.framework, peer.device, peer.threads]), other = best.get(key);
    if (other === undefined || peer.secondsPerStep.median < other.secondsPerStep.median) best.set(key, peer);
  }
  return [...best.values()].map(({ framework, layout, threads, device, secondsPerStep: { median } }) => ({
    ...{ framework, layout, threads, device },
    secondsPerStep: median,
    ratio: work.secondsPerStep.median / median,
  }));
}

type Work = Pick<PeerTime, "model" | "method" | "batch">;

/** @throws {UsageError} When no line is about this work: what they are about. */
export function checkPeers(peers: readonly PeerTime[], work: Work, source: string): void {
  if (peers.some((peer) => isSameWork(peer, work))) return;
  const there = [...new Set(peers.map(describe))].slice(0, 5).join("; ") || "no lines";
  throw new UsageError(`Cannot compare with ${source}: it has nothing for ${describe(work)}, but ${there}`);
}

function isSameWork(a: Work, b: Work): boolean {
  return a.model === b.model && a.method === b.method && a.batch === b.batch;
}

function describe({ model, method, batch }: Work): string {
  return `${model} ${method} batch ${batch}`;
}
