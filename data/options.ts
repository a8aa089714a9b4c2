/** Options of a data set as a table: one place for their meaning, default and range, read by loaders and by `list`.
 *  @module */

/** One option: what it means, which values it takes. */
export interface Option<Value> {
  /** For help texts. */
  readonly meaning: string;
  /** The value where none is given. */
  readonly default: Value;
  /** What a value must be, for messages and help, such as "an integer from 1 to 60000". */
  readonly expected: string;
  /** Whether `value` is one. */
  accepts(value: unknown): boolean;
}

/** Options by name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values that a table's options have once read. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Option<infer Value> ? Value : never;
};

/** Options as a suite file or the command line gives them. */
export type GivenOptions = Readonly<Record<string, unknown>>;

interface NumberRange<Default> {
  readonly min: number;
  readonly max: number;
  readonly default: Default;
}

/** An option that takes an integer in a range, both ends included. */
export function integerOption<Default extends number | undefined>(
  meaning: string,
  { min, max, default: fallback }: NumberRange<Default>,
): Option<number | Default> {
  const accepts = (value: unknown) => Number.isSafeInteger(value) && min <= Number(value) && Number(value) <= max;
  return { meaning, default: fallback, expected: `an integer from ${min} to ${max}`, accepts };
}

/** An option that takes a number in a range, both ends included. */
export function numberOption(
  meaning: string,
  { min, max, default: fallback }: NumberRange<number>,
): Option<number> {
  const accepts = (value: unknown) => typeof value === "number" && min <= value && value <= max;
  return { meaning, default: fallback, expected: `a number from ${min} to ${max}`, accepts };
}

/** How many training images to use: the first so many. Every data set has this option. */
export const trainCountOption: Option<number | undefined> = integerOption(
  "use only the first so many training images; all where it is not given",
  { min: 1, max: 10_000_000, default: undefined },
);

/**
 * Fills in defaults.
 *
 * @throws {TypeError} When an option is unknown.
 * @throws {RangeError} When a value is not what its option expects.
 */
export function readOptions<Table extends OptionTable>(
  dataset: string,
  table: Table,
  given: GivenOptions,
): OptionValues<Table> {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(table, key)) {
      const known = Object.keys(table).sort().join(", ");
      throw new TypeError(`Cannot use option "${key}" with data set "${dataset}": expected one of ${known}`);
    }
  }
  const entries = Object.entries(table).map(([key, option]) => {
    const value = given[key];
    if (value === undefined) return [key, option.default];
    if (option.accepts(value)) return [key, value];
    const shown = typeof value === "number" ? value : JSON.stringify(value);
    throw new RangeError(`Cannot use ${key} ${shown} with data set "${dataset}": expected ${option.expected}`);
  });
  return Object.fromEntries(entries);
}
