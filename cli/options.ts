/** Options and arguments of a command: Optique's parsers with this program's wording of errors. @module */

import { object } from "@optique/core/constructs";
import { message, text as plain } from "@optique/core/message";
import type { Message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument as optiqueArgument, option } from "@optique/core/primitives";
import type { Parser } from "@optique/core/parser";
import { extractOptionNames, formatUsageTerm } from "@optique/core/usage";
import type { OptionName } from "@optique/core/usage";
import type { ValueParser } from "@optique/core/valueparser";
import { ensureNonEmptyString } from "@optique/core/nonempty";
import { closest } from "./closest.ts";
import type { Kind } from "./kinds.ts";
import { misread } from "./kinds.ts";

/** `--name`: false unless given. */
export function flag(name: OptionName, description: string) {
  return option(name, {
    description: say(description),
    errors: {
      duplicate: twice,
      unexpectedValue: (value) => say(`Cannot read "${name}=${value}": ${name} takes no value`),
    },
  });
}

/** `--name VALUE` with a default. */
export function value<T>(name: OptionName, kind: Kind<T>, description: string, byDefault: T) {
  return withDefault(one(name, kind, description), byDefault);
}

/** `--name VALUE` that may be left out. */
export function optionalValue<T>(name: OptionName, kind: Kind<T>, description: string) {
  return optional(one(name, kind, description));
}

/** `--name VALUE` that must be given. */
export function requiredValue<T>(name: OptionName, kind: Kind<T>, description: string) {
  return one(name, kind, description);
}

/** `--name VALUE` any number of times. */
export function values<T>(name: OptionName, kind: Kind<T>, description: string) {
  return multiple(one(name, kind, description));
}

/** An argument that must be given. */
export function argument<T>(kind: Kind<T>, description: string) {
  return optiqueArgument(reader(kind, "the command line"), {
    description: say(description),
    errors: { endOfInput: without(kind.metavar), invalidValue: same },
  });
}

/** An argument that may be left out. */
export function optionalArgument<T>(kind: Kind<T>, description: string) {
  return optional(argument(kind, description));
}

/** One argument or more. */
export function argumentList<T>(kind: Kind<T>, description: string) {
  return multiple(argument(kind, description), {
    min: 1,
    errors: { tooFew: without(kind.metavar) },
  });
}

/** All options and arguments of one command. */
export function fields<T extends Readonly<Record<string, Parser<"sync", unknown, unknown>>>>(parsers: T) {
  const terms = Object.values(parsers).flatMap(({ usage }) => usage);
  const names = [...extractOptionNames(terms)];
  const needed = terms.filter((term) => term.type !== "optional" && !(term.type === "multiple" && term.min === 0));
  return object(parsers, {
    errors: {
      unexpectedInput: (token) => say(unexpected(token, names)),
      endOfInput: without(needed.map((term) => formatUsageTerm(term)).join(" and ")),
      suggestions: () => [],
    },
  });
}

function without(what: string): Message {
  return say(`Cannot run without ${what}`);
}

function unexpected(token: string, names: readonly string[]): string {
  if (!token.startsWith("-")) return `Cannot read ${JSON.stringify(token)}: no further argument was expected`;
  const similar = closest(token, names);
  const advice = similar === undefined
    ? `the options are ${["--help", ...names].join(", ")}`
    : `did you mean ${similar}?`;
  return `Cannot read ${JSON.stringify(token)}: there is no such option; ${advice}`;
}

/** A sentence as Optique takes it. */
function say(sentence: string): Message {
  return message`${plain(sentence)}`;
}

function one<T>(name: OptionName, kind: Kind<T>, description: string) {
  return option(name, reader(kind, name), {
    description: say(description),
    errors: {
      missing: without(`${name} ${kind.metavar}`),
      endOfInput: say(`Cannot read ${name} without a value: expected ${kind.expected}`),
      duplicate: twice,
      invalidValue: same,
    },
  });
}

const same = (error: Message): Message => error;
/** Optique names an option in the form `--name=` where it was written so. */
const twice = (name: string): Message =>
  say(`Cannot read ${name.replace(/=$/, "")} a second time: it may be given once`);

function reader<T>(kind: Kind<T>, origin: string): ValueParser<"sync", T> {
  const metavar = kind.metavar;
  ensureNonEmptyString(metavar);
  return {
    mode: "sync",
    metavar,
    placeholder: kind.specimen,
    parse(input) {
      const value = kind.read(input);
      return value === undefined
        ? { success: false, error: say(misread(kind, input, origin)) }
        : { success: true, value };
    },
    format: kind.format,
  };
}
