/** Signals that ask the program to stop. @module */

/** SIGHUP, a closed terminal, counts only where output goes to a terminal: listening to it would undo the protection of
 *  `nohup`, which takes the output elsewhere. Windows knows the first one only. */
export function stopSignals(): readonly Deno.Signal[] {
  if (Deno.build.os === "windows") return ["SIGINT"];
  const onTerminal = Deno.stdout.isTerminal() || Deno.stderr.isTerminal();
  return onTerminal ? ["SIGINT", "SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM"];
}
