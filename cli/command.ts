/** What a command is: one file, one entry in the registry. @module */

import type { Parser } from "@optique/core/parser";
import type { Usage } from "@optique/core/usage";
import { formatMessage } from "@optique/core/message";
import { getDocPage, parse } from "@optique/core/parser";
import type { DocPage } from "@optique/core/doc";
import type { Io } from "./io.ts";
import type { Permissions } from "./permissions.ts";
import type { Place } from "./place.ts";

/** An example for help. */
export interface Example {
  /** Words after the program's name. */
  readonly command: string;
  readonly says: string;
}

/** How a command's file describes it. */
export interface CommandDefinition<T> {
  /** One word, or two such as "data get". */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More for --help: what is printed, what the exit code says. */
  readonly description?: string;
  readonly examples: readonly [Example, ...Example[]];
  readonly parser: Parser<"sync", T, unknown>;
  /** Refuses options that do not go together. @throws {UsageError} */
  readonly check?: (options: T) => void;
  /** Exactly what the command needs with these options. */
  permissions(options: T, place: Place): Permissions;
  /** Does the work and returns the exit code; `words` are the options as they were typed. */
  run(options: T, io: Io, words: readonly string[]): Promise<number>;
}

/** A command whose options have been read. */
export interface Invocation {
  permissions(place: Place): Permissions;
  run(io: Io): Promise<number>;
}

/** A command as the registry holds it. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly examples: readonly Example[];
  readonly usage: Usage;
  /** Options and arguments with their descriptions. */
  page(): DocPage | undefined;
  /** Reads the words after the command's name. @throws {UsageError} When options do not go together. */
  read(words: readonly string[]): Invocation | { readonly error: string };
}

/** Binds options to their command, so that commands of different options stand in one registry. */
export function defineCommand<T>(definition: CommandDefinition<T>): Command {
  const { name, summary, description, examples, parser } = definition;
  return {
    name,
    summary,
    ...(description === undefined ? {} : { description }),
    examples,
    usage: parser.usage,
    page: () => getDocPage(parser),
    read(words) {
      const result = parse(parser, words);
      if (!result.success) return { error: formatMessage(result.error, { quotes: false, colors: false }) };
      const options = result.value;
      definition.check?.(options);
      return {
        permissions: (place) => definition.permissions(options, place),
        run: (io) => definition.run(options, io, words),
      };
    },
  };
}
