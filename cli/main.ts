/** The program itself, started by the launcher with exactly the permissions that its command needs. @module */

import { Interrupts } from "./interrupts.ts";
import { processInput, processOutput } from "./io.ts";
import { projectFolder } from "./place.ts";
import { runCommand } from "./run_command.ts";
import { stopSignals } from "./stop_signals.ts";

const interrupts = new Interrupts(() => Deno.exit(130));

const code = await runCommand(Deno.args, {
  out: processOutput(Deno.stdout),
  err: processOutput(Deno.stderr),
  input: processInput(Deno.stdin),
  place: {
    project: projectFolder,
    workingFolder: Deno.cwd(),
    cache: Deno.env.get("YOPO_BENCH_CACHE") ?? "",
  },
  now: () => performance.now(),
  interruptible() {
    const receive = (): void => interrupts.receive(performance.now());
    for (const signal of stopSignals()) {
      Deno.addSignalListener(signal, signal === "SIGTERM" ? () => interrupts.stop() : receive);
    }
    return interrupts.signal;
  },
});
Deno.exit(code);
