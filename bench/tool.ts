/** Which program made a result: version, commit and what it stands on. @module */

import * as tf from "@tensorflow/tfjs";
import project from "../deno.json" with { type: "json" };
import type { Result } from "./result.ts";

const root = new URL("../", import.meta.url);

/** The commit that is checked out, read from .git without running git; null where there is none. */
async function commit(): Promise<string | null> {
  const read = (name: string): Promise<string> => Deno.readTextFile(new URL(`.git/${name}`, root));
  try {
    const head = (await read("HEAD")).trim();
    if (!head.startsWith("ref: ")) return head;
    const reference = head.slice("ref: ".length);
    const loose = await read(reference).catch(() => null);
    if (loose) return loose.trim();
    return (await read("packed-refs")).split("\n").find((line) => line.endsWith(` ${reference}`))?.split(" ")[0] ??
      null;
  } catch {
    return null;
  }
}

/** Name, version, commit and the versions of Deno and tfjs. */
export async function toolRecord(): Promise<Result["tool"]> {
  return {
    name: "yopo-bench",
    version: project.version,
    commit: await commit(),
    deno: Deno.version.deno,
    tfjs: tf.version.tfjs,
  };
}
