/** One run of a results folder, shown as it goes: what a cluster's task does. @module */

import { runSingle } from "../bench/local_executor.ts";
import { complain } from "./complain.ts";
import type { Io } from "./io.ts";
import { liveDisplay, quietDisplay } from "./live_display.ts";
import { shortPath } from "./short_path.ts";
import type { Session } from "./suite_session.ts";

/**
 * Does the run named `name` and returns the exit code: 0 where it is completed, by now or before; 130 where it was stopped;
 * 1 where it failed or diverged.
 *
 * @throws {UsageError} When the folder cannot be used or holds no such run.
 */
export async function runOfSuite(
  name: string,
  session: Pick<Session, "out" | "engine" | "json" | "quiet" | "checkpointSeconds">,
  io: Io,
): Promise<number> {
  const { out, engine, json, quiet, checkpointSeconds } = session;
  const display = quiet ? quietDisplay : liveDisplay(io), signal = io.interruptible();
  signal.addEventListener("abort", () => display.say("Stopping; Ctrl-C once more stops at once"));
  const options = { out, engine, cache: io.place.cache, checkpointSeconds };
  try {
    const { record, isStopped } = await runSingle(
      name,
      options,
      (event) => display.observe(event.kind === "suite" ? { ...event, out: shortPath(out, io) } : event),
      signal,
    );
    display.clear();
    if (json) io.out.write(`${JSON.stringify(record)}\n`);
    const { label, seed, status, message } = record;
    if (status === "completed") return 0;
    if (isStopped) {
      complain(io.err, "Stopped; the run goes on where it stopped when the same command is given again");
      return 130;
    }
    complain(io.err, `Cannot complete ${label} seed ${seed}: ${status}${message === null ? "" : ` (${message})`}`);
    return 1;
  } finally {
    display.clear();
  }
}
