/** Finds, changes and checks suites: by name in suites/, or by path. @module */

import { z } from "zod";
import { expandPresets } from "./presets.ts";
import { type Suite, suiteSchema } from "./suite.ts";
import { UsageError } from "./usage_error.ts";

const folder = new URL("../suites/", import.meta.url);

/** Files in that folder that suites refer to. */
const NOT_SUITES = ["paper.json", "presets.json"];

/** Changes made on the command line: `--set key=value` lines and `--seeds`. */
export interface SuiteChanges {
  readonly set: readonly string[];
  readonly seeds?: readonly number[];
}

/** Name, title and description of every suite that the program brings, by name. */
export async function listSuites(): Promise<{ name: string; title: string; description: string }[]> {
  return await Promise.all((await suiteNames()).map(async (file) => {
    const { name, title, description } = await readSuite(new URL(`${file}.json`, folder), `${file}.json`);
    return { name, title, description };
  }));
}

async function suiteNames(): Promise<string[]> {
  const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const suites = files.filter((name) => name.endsWith(".json") && !NOT_SUITES.includes(name));
  return suites.map((name) => name.slice(0, -".json".length)).sort();
}

/**
 * The suite of that name, or in that file (anything that ends in .json or holds a slash), with the changes applied.
 *
 * @throws {UsageError} One line: no such suite, not JSON, or the first key that is wrong and why.
 */
export async function loadSuite(nameOrFile: string, changes: SuiteChanges = { set: [] }): Promise<Suite> {
  const isFile = /[\\/]|\.json$/.test(nameOrFile), names = isFile ? [] : await suiteNames();
  if (!isFile && !names.includes(nameOrFile)) {
    throw new UsageError(`Cannot find suite "${nameOrFile}": there are ${names.join(", ")}; or give a file's path`);
  }
  const suite = await readSuite(isFile ? nameOrFile : new URL(`${nameOrFile}.json`, folder), nameOrFile);
  return changes.set.length === 0 && !changes.seeds ? suite : changeSuite(suite, changes, nameOrFile);
}

async function readSuite(location: string | URL, source: string): Promise<Suite> {
  return checkSuite(await expandPresets(await readSuiteFile(location), `suite ${source}`), source);
}

function changeSuite(suite: Suite, { set, seeds }: SuiteChanges, source: string): Suite {
  const presets = suite.runs.map(({ preset }) => preset).join();
  for (const change of set) setKey(suite, change);
  if (seeds) suite.seeds = [...seeds];
  const changed = checkSuite(suite, `${source} with the changes from the command line`);
  if (changed.runs.map(({ preset }) => preset).join() === presets) return changed;
  throw new UsageError("Cannot set a run's preset from --set: it only names where values came from; set those values");
}

/** A suite file is a page or two; whatever is larger is something else. */
const MAX_SUITE_BYTES = 10 * 2 ** 20;

async function readSuiteFile(path: string | URL): Promise<unknown> {
  const refuse = (reason: string, cause: unknown) =>
    new UsageError(`Cannot read suite file "${path}": ${reason}`, { cause });
  let text: string;
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new TypeError("it is not a file");
    if (size > MAX_SUITE_BYTES) throw new TypeError(`it has ${size} bytes, ${MAX_SUITE_BYTES} at most`);
    text = new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    throw refuse(readFailure(error), error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(`it is not JSON: ${(error as Error).message}`, error);
  }
}

function readFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "no permission to read it";
  return (error as Error).message;
}

/** Checks an object from `source` and fills in the defaults. @throws {UsageError} The first wrong key and why. */
export function checkSuite(value: unknown, source: string): Suite {
  const checked = suiteSchema.safeParse(value);
  if (checked.success) return checked.data;
  throw new UsageError(`Cannot use suite ${source}: ${firstIssue(checked.error)}`);
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  const path = issue.path.length > 0 ? issue.path.join(".") : "(whole file)";
  return `${path}: ${issue.message}`;
}

type Keyed = Record<string, unknown>;

/** Applies `path.to.key=value`; runs may be named by index or label, `*` stands for every run. */
function setKey(suite: Suite, change: string): void {
  const equals = change.indexOf("=");
  if (equals < 1) throw new UsageError(`Cannot read --set ${change}: expected key=value, for example runs.*.epochs=2`);
  const path = change.slice(0, equals).split(".");
  const text = change.slice(equals + 1);
  const last = path.pop()!;
  const parents = path.reduce<Keyed[]>((nodes, key) => nodes.flatMap((node) => step(node, key)), [suite as Keyed]);
  if (parents.length === 0) {
    throw new UsageError(`Cannot set "${change}" from --set: the suite has no key "${path.join(".")}"`);
  }
  for (const parent of parents) setChild(parent, last, parseValue(text), change);
}

/** @throws {UsageError} When `key` is not a place in a list, or would change what all objects share. */
function setChild(parent: Keyed, key: string, value: unknown, change: string): void {
  if (key === "__proto__") throw new UsageError(`Cannot set "${change}" from --set: no key is called ${key}`);
  if (Array.isArray(parent) && key === "*") parent.fill(value);
  else if (Array.isArray(parent) && !(/^\d+$/.test(key) && Number(key) < parent.length)) {
    const example = "runs.*.epochs=2, runs.0.epochs=2 or runs.LABEL.epochs=2";
    throw new UsageError(
      `Cannot set "${change}" from --set: "${key}" is no place in a list; for runs write ${example}`,
    );
  } else parent[key] = value;
}

function step(node: Keyed, key: string): Keyed[] {
  const isObject = (value: unknown): value is Keyed => value !== null && typeof value === "object";
  if (!Array.isArray(node)) return Object.hasOwn(node, key) && isObject(node[key]) ? [node[key]] : [];
  const items: unknown[] = key === "*"
    ? node
    : [node.find((item) => isObject(item) && item.label === key) ?? node[Number(key)]];
  return items.filter(isObject);
}

/** JSON where it parses as JSON, else the text itself, so that numbers need no quotes and names neither. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
