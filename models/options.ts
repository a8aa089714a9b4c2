/** Options of models and training methods as tables: one row gives the check, the default and the documentation.
 *  @module */

import { nearest } from "./nearest.ts";

export type OptionValue = number | boolean | string;

/** Option values by name, as they come from a suite, a weight file or the command line. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** One row of an option table. */
export interface Option<T> {
  readonly doc: string;
  /** What a value must be, to follow "expected": "an integer from 1 to 1024". */
  readonly expected: string;
  /** What holds where no value is given, for the list: "0.5", "required", "2.5 ε/K". */
  readonly defaultText: string;
  /** The default; absent where the value is required or derived from others. */
  readonly default?: T;
  readonly required: boolean;
  accepts(value: unknown): value is T;
}

export type OptionTable = Readonly<Record<string, Option<OptionValue | undefined>>>;

/** The values of a table, typed row by row. */
export type Resolved<T extends OptionTable> = { readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never };

interface Range {
  readonly doc: string;
  /** Least value, inclusive. */
  readonly min?: number;
  /** Bound that the value must exceed, in place of min. */
  readonly above?: number;
  readonly max: number;
  readonly integer?: boolean;
}

function numeric<T extends number | undefined>(range: Range): Omit<Option<T>, "defaultText" | "required"> {
  const low = range.min === undefined ? `above ${range.above ?? 0}, at most` : `from ${range.min} to`;
  return {
    doc: range.doc,
    expected: `${range.integer ? "an integer" : "a number"} ${low} ${range.max}`,
    accepts: (value): value is T =>
      typeof value === "number" && value <= range.max &&
      (range.min === undefined ? value > (range.above ?? 0) : value >= range.min) &&
      (!range.integer || Number.isInteger(value)),
  };
}

/** A number with a default. */
export function number(range: Range & { readonly default: number }): Option<number> {
  return { ...numeric<number>(range), default: range.default, defaultText: String(range.default), required: false };
}

/** A number that must be given. */
export function requiredNumber(range: Range): Option<number> {
  return { ...numeric<number>(range), defaultText: "required", required: true };
}

/** A number whose default follows from other values, by the formula in `defaultText`. */
export function derivedNumber(range: Range & { readonly defaultText: string }): Option<number | undefined> {
  return { ...numeric<number | undefined>(range), defaultText: range.defaultText, required: false };
}

/** One of a few words. */
export function choice<const V extends string>(values: readonly [V, ...V[]], doc: string): Option<V> {
  return {
    doc,
    expected: values.map((value) => `"${value}"`).join(" or "),
    default: values[0],
    defaultText: values[0],
    required: false,
    accepts: (value): value is V => values.some((word) => word === value),
  };
}

/** A text that a pattern accepts. */
export function text(
  { doc, expected, pattern, default: value }: {
    readonly doc: string;
    readonly expected: string;
    readonly pattern: RegExp;
    readonly default: string;
  },
): Option<string> {
  return {
    doc,
    expected,
    default: value,
    defaultText: value,
    required: false,
    accepts: (given): given is string => typeof given === "string" && pattern.test(given),
  };
}

/** True or false. */
export function flag(defaultValue: boolean, doc: string): Option<boolean> {
  return {
    doc,
    expected: "true or false",
    default: defaultValue,
    defaultText: String(defaultValue),
    required: false,
    accepts: (value): value is boolean => typeof value === "boolean",
  };
}

/**
 * Checks given values against a table and fills in the defaults.
 *
 * @param subject What the options belong to, for the messages: `method "pgd-5"`.
 * @throws {RangeError} When an option is unknown, missing or has a value that its row does not accept.
 */
export function resolveOptions<T extends OptionTable>(table: T, given: OptionValues, subject: string): Resolved<T> {
  const names = Object.keys(table);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) {
      const hint = names.length === 0 ? "it has no options" : `expected ${names.join(", ")}${didYouMean(name, names)}`;
      throw new RangeError(`Cannot set option "${name}" of ${subject}: ${hint}`);
    }
  }
  const values: Record<string, OptionValue | undefined> = {};
  for (const [name, option] of Object.entries(table)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && option.required) {
      throw new RangeError(`Cannot use ${subject} without ${name}: give ${option.expected}`);
    }
    if (value !== undefined && !option.accepts(value)) {
      throw new RangeError(
        `Cannot set option "${name}" of ${subject} to ${JSON.stringify(value)}: expected ${option.expected}`,
      );
    }
    values[name] = value ?? option.default;
  }
  return values as Resolved<T>;
}

/** `; did you mean "NAME"?` where a known name is close, else nothing. */
export function didYouMean(name: string, names: readonly string[]): string {
  const closest = nearest(name, names);
  return closest === undefined ? "" : `; did you mean "${closest}"?`;
}
