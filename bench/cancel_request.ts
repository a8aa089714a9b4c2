/** Asks the programs that are at work in a results folder to stop, wherever they run: they look at OUT/.cancel once a
 *  second and leave as after SIGTERM when it has changed. It is never removed, so no program can miss it. @module */

import { join } from "node:path";
import { atomicWrite } from "../files/atomic_write.ts";
import { explainWrite } from "../files/explain_write.ts";

/** The request's file in a results folder. */
export const CANCEL_FILE = ".cancel";
const LOOK_SECONDS = 1;

/** Asks every program that is at work in the folder now; later ones are not asked. */
export async function requestCancel(out: string): Promise<void> {
  await explainWrite(out, () => atomicWrite(join(out, CANCEL_FILE), `${crypto.randomUUID()}\n`));
}

/** Looks for a request until disposed of; aborts where one was made after the call. */
export async function watchCancel(out: string): Promise<{ readonly signal: AbortSignal } & Disposable> {
  const before = await readRequest(out), asked = new AbortController();
  const timer = setInterval(async () => {
    // A folder that cannot be read for a moment is no request.
    const found = await readRequest(out).catch(() => before);
    if (found !== before) asked.abort(new DOMException("the suite was cancelled", "AbortError"));
  }, LOOK_SECONDS * 1000);
  return { signal: asked.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

async function readRequest(out: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(join(out, CANCEL_FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
