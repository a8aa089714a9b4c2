/** The programs that the setup runs. @module */

/** A program that was found. */
export interface Tool {
  /** As it is started. */
  readonly name: string;
  /** The first line that it prints of its version. */
  readonly version: string;
}

/** Compilers, the best known first. */
export const COMPILERS: readonly string[] = ["g++", "c++", "clang++"];

/** All that may be run, for the permission to do so. */
export const programs: readonly string[] = ["python3", ...COMPILERS];

/** What a program printed, and whether it ended well. */
export interface Ended {
  readonly ok: boolean;
  readonly output: string;
}

/** Surroundings of a program that runs. */
export interface Surroundings {
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the program, in addition to the signal of {@link endPrograms}. */
  readonly signal?: AbortSignal;
}

let ending: AbortSignal = new AbortController().signal;

/** From when `signal` is aborted on, programs of this process end and no new ones start: all of them fail. */
export function endPrograms(signal: AbortSignal): void {
  ending = signal;
}

/** Starts a program that writes to pipes; null where none may start any more. */
export function start(name: string, args: readonly string[], { env = {}, signal }: Surroundings = {}) {
  const signals = AbortSignal.any(signal === undefined ? [ending] : [ending, signal]);
  if (signals.aborted) return null;
  const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command(name, { args: [...args], env: { ...env }, signal: signals, ...pipes }).spawn();
}

/** Runs a program to its end; null where there is no such program. */
export async function run(
  name: string,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Ended | null> {
  try {
    const child = start(name, args, surroundings);
    if (child === null) return { ok: false, output: "" };
    const { success, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { ok: success, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    // A program that is not in PATH when this process starts cannot be permitted either.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

/** @throws {Error} When there is none: what to install. */
export async function findCompiler(): Promise<Tool> {
  for (const name of COMPILERS) {
    const ended = await run(name, ["--version"]);
    if (ended?.ok) return { name, version: firstLine(ended.output) };
  }
  throw new Error(
    `Cannot compile TensorFlow's binding: no C++ compiler is in PATH (${COMPILERS.join(", ")}); ` +
      "install one, for example with: apt install g++",
  );
}

/** @throws {Error} When python3 or its pip is missing: what to install. */
export async function findPip(): Promise<Tool> {
  const python = await run("python3", ["--version"]);
  if (!python?.ok) {
    throw new Error(
      "Cannot fetch TensorFlow: no python3 is in PATH; install it, for example with: apt install python3 python3-pip",
    );
  }
  const pip = await run("python3", ["-m", "pip", "--version"]);
  if (!pip?.ok) {
    throw new Error(
      "Cannot fetch TensorFlow: python3 has no pip; install it, for example with: apt install python3-pip",
    );
  }
  return { name: "python3", version: `${firstLine(python.output)}, ${firstLine(pip.output).replace(/ from .*/, "")}` };
}

/** The last line that says something; what a failed program printed ends with its reason. */
export function lastLine(output: string): string {
  return output.trim().split("\n").at(-1)?.trim() ?? "";
}

function firstLine(output: string): string {
  return output.trim().split("\n", 1)[0] ?? "";
}
