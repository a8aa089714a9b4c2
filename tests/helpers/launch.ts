/** Starts the program as its tasks do: the launcher, with the launcher's own permissions, in a process of its own.
 *  @module */

import { join } from "node:path";
import { launcherVariables } from "../../cli/environment.ts";
import { projectFolder } from "../../cli/place.ts";
import type { Ended } from "./fake_io.ts";

/** What a started launcher may do, as in deno.json's tasks; a test compares the two. */
export const launcherFlags = ["--no-prompt", `--allow-env=${launcherVariables.join(",")}`] as const;

/** What the started program finds around it. */
export interface LaunchOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The words that start the program; for tests that start it through something else. */
export function launcherWords(args: readonly string[]): [string, ...string[]] {
  const deno = Deno.execPath();
  return [deno, "run", ...launcherFlags, `--allow-run=${deno}`, join(projectFolder, "cli/launch.ts"), ...args];
}

/** A started program. */
export function launch(args: readonly string[], { cwd, env = {} }: LaunchOptions): Deno.ChildProcess {
  const [program, ...words] = launcherWords(args);
  const home: Record<string, string> = { HOME: cwd, ...denoFolder(), ...env };
  return new Deno.Command(program, {
    args: words,
    cwd,
    clearEnv: true,
    env: home,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for the program's end. */
export async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Deno's own cache must be found although HOME is another folder. */
function denoFolder(): Record<string, string> {
  const own = Deno.env.get("DENO_DIR");
  const home = Deno.env.get("HOME");
  return own ? { DENO_DIR: own } : home ? { DENO_DIR: join(home, ".cache/deno") } : {};
}
