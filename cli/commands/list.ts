/** list: what suites and options may name. @module */

import type { OptionTable } from "../../models/options.ts";
import { datasets } from "../../data/registry.ts";
import { defineCommand } from "../command.ts";
import { oneOf } from "../kinds.ts";
import type { Io } from "../io.ts";
import { fields, flag, optionalArgument } from "../options.ts";
import { twoColumns } from "../columns.ts";
import { bold } from "../style.ts";

/** One thing that has a name. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  /** More than fits into a list of all kinds. */
  readonly text?: string;
  readonly options: readonly { readonly name: string; readonly meaning: string; readonly default: string }[];
}

/** What can be listed, each loaded only when asked for. */
const sections: Readonly<Record<string, () => Promise<Entry[]>>> = {
  suites: async () => {
    const { listSuites } = await import("../../bench/load_suite.ts");
    return (await listSuites()).map(({ name, title }) => ({ name, summary: title, options: [] }));
  },
  presets: async () => {
    const { listPresets } = await import("../../bench/presets.ts");
    return (await listPresets()).map(({ name, title, source, text }) => {
      return { name, summary: `${title} (${source})`, text, options: [] };
    });
  },
  methods: async () => {
    const { methods } = await import("../../training/registry.ts");
    return methods.map(({ pattern, summary, options }) => ({ name: pattern, summary, options: rows(options) }));
  },
  models: async () => {
    const { models } = await import("../../models/registry.ts");
    return models.map(({ name, summary, options }) => ({ name, summary, options: rows(options) }));
  },
  attacks: async () => {
    const { attacks } = await import("../../attacks/registry.ts");
    return attacks.map(({ name, summary, options }) => ({ name, summary, options: rows(options) }));
  },
  data: () =>
    Promise.resolve(datasets.map(({ name, summary, options }) => ({
      name,
      summary,
      options: Object.entries(options).map(([key, option]) => {
        return { name: key, meaning: option.meaning, default: JSON.stringify(option.default) ?? "" };
      }),
    }))),
  engines: async () => {
    const { engines } = await import("../../backends/registry.ts");
    return engines.map(({ name, summary }) => ({ name, summary, options: [] }));
  },
};

function rows(table: OptionTable): Entry["options"] {
  return Object.entries(table).map(([name, { doc, defaultText }]) => ({ name, meaning: doc, default: defaultText }));
}

export const list = defineCommand({
  name: "list",
  summary: "List suites, presets, methods, models, attacks, data sets and engines",
  examples: [
    { command: "list", says: "everything" },
    { command: "list methods", says: "methods with their options" },
    { command: "list attacks --json", says: "for a program" },
  ],
  parser: fields({
    kind: optionalArgument(
      oneOf("suites", "presets", "methods", "models", "attacks", "data", "engines"),
      "One kind, with its options and texts (default: all kinds without)",
    ),
    json: flag("--json", "Print one JSON document"),
  }),
  permissions: (_options, { project }) => ({ read: [project] }),
  async run({ kind, json }, io) {
    const names = kind === undefined ? Object.keys(sections) : [kind];
    const found = await Promise.all(names.map(async (name): Promise<[string, Entry[]]> => {
      return [name, await sections[name]?.() ?? []];
    }));
    if (json) io.out.write(`${JSON.stringify(Object.fromEntries(found))}\n`);
    else for (const [name, entries] of found) printSection(io, name, entries, kind !== undefined);
    return 0;
  },
});

function printSection({ out }: Io, title: string, entries: readonly Entry[], withOptions: boolean): void {
  const rows = entries.flatMap(({ name, summary, text, options }): [string, string][] => [
    [name, withOptions && text !== undefined ? `${summary}. ${text}` : summary],
    ...(withOptions ? options.map(optionRow) : []),
  ]);
  out.write(`${bold(title, out.colors)}\n${twoColumns(rows, out.columns())}\n`);
}

function optionRow(option: Entry["options"][number]): [string, string] {
  return [`  ${option.name}`, `${option.meaning}${option.default === "" ? "" : ` (default: ${option.default})`}`];
}
