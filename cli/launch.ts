/** Starts the program in a second Deno with exactly the permissions and environment that its command needs. The launcher
 *  itself may run Deno and read a few variables, nothing else; it answers --help, --version and wrong usage alone.
 *  @module */

import { isAbsolute, resolve } from "node:path";
import { cacheFolder } from "../data/cache_folder.ts";
import type { Invocation } from "./command.ts";
import { readCommandLine } from "./command_line.ts";
import { withEngine } from "./engine_permissions.ts";
import { colorVariables, inheritedVariables, programVariables } from "./environment.ts";
import { processOutput } from "./io.ts";
import { permissionFlags, type Permissions } from "./permissions.ts";
import { type Place, projectFolder } from "./place.ts";
import { reportError } from "./run_command.ts";
import { stopSignals } from "./stop_signals.ts";

/** A task starts in the project's folder; its user's relative paths start where the user is. */
function userFolder(): string {
  const current = Deno.cwd();
  const user = Deno.env.get("INIT_CWD") ?? "";
  return current === projectFolder && isAbsolute(user) ? user : current;
}

/** Where downloaded data lie; a relative path starts where the user is. Where no variable tells a place, they lie below
 *  the program's own results, so that commands that need no data run in a bare environment, too. */
function findCache(workingFolder: string): string {
  try {
    return resolve(workingFolder, cacheFolder({ os: Deno.build.os, env: (name) => Deno.env.get(name) }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return resolve(projectFolder, "results/.cache");
  }
}

/** What the child gets of the caller's environment; the programs that it may run need more. */
function inherited(runsPrograms: boolean): Record<string, string> {
  const names = [...inheritedVariables, ...colorVariables, ...(runsPrograms ? programVariables : [])];
  const variables = names.map((name): [string, string | undefined] => [name, Deno.env.get(name)]);
  return Object.fromEntries(variables.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function childCommand(args: readonly string[], asked: Permissions, place: Place): Deno.Command {
  const { permissions, variables } = withEngine(asked, place);
  const { env = [], ...others } = permissions;
  const flags = permissionFlags({ ...others, env: [...env, "YOPO_BENCH_CACHE"] });
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--quiet", `--config=${resolve(projectFolder, "deno.json")}`, ...flags],
      ...[resolve(projectFolder, "cli/main.ts"), ...args],
    ],
    cwd: place.workingFolder,
    clearEnv: true,
    env: { ...inherited(permissions.run !== undefined), ...variables, YOPO_BENCH_CACHE: place.cache },
  });
}

/** Starts the program where its user is. INIT_CWD may be left over from elsewhere and name no folder; the launcher cannot
 *  look, but a start in no folder fails, and then the program starts where the launcher is. */
function start(args: readonly string[], invocation: Invocation): Deno.ChildProcess {
  const startIn = (workingFolder: string): Deno.ChildProcess => {
    const place = { project: projectFolder, workingFolder, cache: findCache(workingFolder) };
    return childCommand(args, invocation.permissions(place), place).spawn();
  };
  const folder = userFolder();
  try {
    return startIn(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) || folder === Deno.cwd()) throw error;
    return startIn(Deno.cwd());
  }
}

/** Hands signals on until the child has ended, and returns its exit code: 128 + n where signal n ended it. */
async function supervise(child: Deno.ChildProcess): Promise<number> {
  for (const signal of stopSignals()) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch (error) {
        // The child has ended in the meantime; its status is on the way.
        if (!(error instanceof TypeError)) throw error;
      }
    });
  }
  return (await child.status).code;
}

async function launch(args: readonly string[]): Promise<number> {
  const out = processOutput(Deno.stdout);
  const err = processOutput(Deno.stderr);
  try {
    const request = readCommandLine(args, out.columns());
    if (request.kind === "print") {
      out.write(request.text);
      return 0;
    }
    return await supervise(start(args, request.invocation));
  } catch (error) {
    return reportError(error, args, err);
  }
}

Deno.exit(await launch(Deno.args));
