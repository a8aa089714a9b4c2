/** The few colours in use. @module */

import { styleText } from "node:util";

/** `validateStream` would read the environment; whether colours are wanted is known already. */
const PLAIN = { validateStream: false } as const;

export function bold(text: string, colors: boolean): string {
  return colors ? styleText("bold", text, PLAIN) : text;
}

export function red(text: string, colors: boolean): string {
  return colors ? styleText("red", text, PLAIN) : text;
}

export function green(text: string, colors: boolean): string {
  return colors ? styleText("green", text, PLAIN) : text;
}
