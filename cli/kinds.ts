/** Kinds of values on the command line: how the text is read and what to say when it cannot be. @module */

import type { Named } from "../bench/suite.ts";
import { closest } from "./closest.ts";

/** One kind of option or argument value. */
export interface Kind<T> {
  /** How help names the value, such as "DIR". */
  readonly metavar: string;
  /** What must hold, as the end of "expected ...". */
  readonly expected: string;
  /** Values to compare a typo with. */
  readonly choices?: readonly string[];
  /** Some value of the kind. */
  readonly specimen: T;
  /** The value, or undefined where the text does not fit. */
  read(text: string): T | undefined;
  /** The text that reads back as the value; help shows defaults with it. */
  format(value: T): string;
}

/** Any text that is not empty and is not the next option. */
export function text(metavar: string, expected = "some text"): Kind<string> {
  return {
    metavar,
    expected,
    specimen: "x",
    read: (text) => text === "" || text.startsWith("--") ? undefined : text,
    format: (value) => value,
  };
}

/** A file or folder; a zero byte cannot stand in a path. */
export function path(metavar: string): Kind<string> {
  return {
    metavar,
    expected: "a path",
    specimen: ".",
    read: (text) => text === "" || text.startsWith("--") || text.includes("\0") ? undefined : text,
    format: (value) => value,
  };
}

/** Bounds of a number. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
  /** Greater than this, not equal to it. */
  readonly above?: number;
  /** Less than this, not equal to it. */
  readonly below?: number;
}

/** A finite number such as 0.3, 1e-3 or 8/255. */
export function number(range: Range = {}): Kind<number> {
  return {
    metavar: "NUMBER",
    expected: `a number${describe(range)}`,
    specimen: 0,
    read: (text) => within(parseNumber(text), range),
    format: String,
  };
}

/** A whole number. */
export function integer(range: Range = {}): Kind<number> {
  return {
    metavar: "N",
    expected: `a whole number${describe(range)}`,
    specimen: 0,
    read: (text) => within(/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined, range),
    format: String,
  };
}

/** One of a few words. */
export function oneOf<const T extends string>(first: T, ...others: readonly T[]): Kind<T> {
  const choices = [first, ...others];
  return {
    metavar: choices.join("|"),
    choices,
    expected: choices.join(", ").replace(/, (?=[^,]*$)/, " or "),
    specimen: first,
    read: (text) => choices.find((choice) => choice === text),
    format: (value) => value,
  };
}

/** Several values of one kind, separated by commas, none of them twice. */
export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    metavar: `${item.metavar},...`,
    expected: `${item.expected}, or several separated by commas and each named once`,
    specimen: [item.specimen],
    read(text) {
      const values: T[] = [];
      for (const part of text.split(",")) {
        const value = item.read(part.trim());
        if (value === undefined || values.includes(value)) return undefined;
        values.push(value);
      }
      return values;
    },
    format: (values) => values.map(item.format).join(","),
  };
}

/** NAME=VALUE, where the value is a number, true, false, a list of numbers in brackets, or else text. */
export function setting(): Kind<Setting> {
  return {
    metavar: "NAME=VALUE",
    expected: "NAME=VALUE, for example restarts=2",
    specimen: { name: "restarts", value: 2 },
    read(text) {
      const match = /^([A-Za-z][A-Za-z0-9]*)=(.+)$/.exec(text);
      return match === null ? undefined : { name: match[1]!, value: settingValue(match[2]!) };
    },
    format: ({ name, value }) => `${name}=${Array.isArray(value) ? `[${value}]` : value}`,
  };
}

/** An attack's name, and its options after colons: "pgd-50:restarts=10:stepSize=2/255". */
export function attack(): Kind<Named> {
  const option = setting();
  return {
    metavar: "ATTACK",
    expected: "NAME or NAME:OPTION=VALUE, for example pgd-50:restarts=10",
    specimen: { name: "pgd-20", options: {} },
    read(text) {
      const [name = "", ...settings] = text.split(":");
      const options: Named["options"] = {};
      for (const each of settings.map((setting) => option.read(setting))) {
        if (each === undefined || Array.isArray(each.value) || Object.hasOwn(options, each.name)) return undefined;
        options[each.name] = each.value;
      }
      return name === "" ? undefined : { name, options };
    },
    format: ({ name, options }) =>
      [name, ...Object.entries(options).map(([key, value]) => `${key}=${value}`)].join(":"),
  };
}

/** An option of a method, model or data set, as the registries take them. */
export interface Setting {
  readonly name: string;
  readonly value: number | boolean | string | number[];
}

/** `Cannot read "2" from --eps: expected a number from 0 to 1`, with the likely word where one is close. */
export function misread<T>(kind: Kind<T>, input: string, origin: string): string {
  const similar = closest(input, kind.choices ?? []);
  const advice = similar === undefined ? "" : `; did you mean ${JSON.stringify(similar)}?`;
  return `Cannot read ${JSON.stringify(input)} from ${origin}: expected ${kind.expected}${advice}`;
}

function parseNumber(text: string): number | undefined {
  const parts = text.split("/");
  if (parts.length > 2 || !parts.every((part) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part))) return undefined;
  const value = Number(parts[0]) / Number(parts[1] ?? 1);
  return Number.isFinite(value) ? value : undefined;
}

function within(value: number | undefined, range: Range): number | undefined {
  if (value === undefined || value < (range.min ?? -Infinity) || value > (range.max ?? Infinity)) return undefined;
  return value <= (range.above ?? -Infinity) || value >= (range.below ?? Infinity) ? undefined : value;
}

function describe({ min, max, above, below }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const low = min !== undefined ? `at least ${min}` : above !== undefined ? `above ${above}` : "";
  const high = max !== undefined ? `at most ${max}` : below !== undefined ? `below ${below}` : "";
  const bounds = [low, high].filter((bound) => bound !== "").join(" and ");
  return bounds === "" ? "" : ` ${bounds.startsWith("at") ? `of ${bounds}` : bounds}`;
}

function settingValue(text: string): Setting["value"] {
  if (text === "true" || text === "false") return text === "true";
  const list = /^\[(.*)\]$/.exec(text)?.[1]?.split(",").map((part) => parseNumber(part.trim()));
  const numbers = list?.filter((value) => value !== undefined);
  if (numbers !== undefined && numbers.length === list?.length) return numbers;
  return parseNumber(text) ?? text;
}
