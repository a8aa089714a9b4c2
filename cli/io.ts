/** What a command may say and ask, so that tests can stand in for the terminal. @module */

import type { Place } from "./place.ts";

/** A stream that a person or a program reads. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Colours are wanted: a terminal, and no NO_COLOR. */
  readonly colors: boolean;
  /** Width in columns; 100 where there is no terminal. */
  columns(): number;
}

/** Where a person answers. */
export interface Input {
  readonly isTerminal: boolean;
  /** The next line without its end; null where the input has ended. */
  readLine(): Promise<string | null>;
}

/** The surroundings of a command. */
export interface Io {
  /** Results: tables, JSON, lines for other programs. */
  readonly out: Output;
  /** Progress, notes and errors. */
  readonly err: Output;
  /** Answers to questions. */
  readonly input: Input;
  readonly place: Place;
  /** Milliseconds since some moment. */
  now(): number;
  /** Takes over Ctrl-C: the first one aborts the signal, the next one ends the program. */
  interruptible(): AbortSignal;
}

/** One of the process's streams. */
export function processOutput(stream: typeof Deno.stdout): Output {
  const isTerminal = stream.isTerminal();
  const encoder = new TextEncoder();
  return {
    write(text) {
      for (let bytes = encoder.encode(text); bytes.length > 0;) bytes = bytes.subarray(stream.writeSync(bytes));
    },
    isTerminal,
    colors: isTerminal && !Deno.noColor,
    columns: () => isTerminal ? columnsOfTerminal() : 100,
  };
}

/** The process's input. What follows the line in the same read is lost: on a terminal nothing does. */
export function processInput(stream: typeof Deno.stdin): Input {
  return {
    isTerminal: stream.isTerminal(),
    async readLine() {
      const decoder = new TextDecoder(), part = new Uint8Array(1024);
      for (let text = "";;) {
        const length = await stream.read(part);
        if (length === null) return text === "" ? null : text;
        text += decoder.decode(part.subarray(0, length), { stream: true });
        const [line, ...rest] = text.split(/\r?\n/);
        if (rest.length > 0) return line!;
      }
    },
  };
}

function columnsOfTerminal(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}
