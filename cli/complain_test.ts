import assert from "node:assert/strict";
import { complain, errorText, printTrace } from "./complain.ts";
import type { Output } from "./io.ts";

/** What `print` writes on an output. */
function written(print: (err: Output) => void): string {
  let text = "";
  print({ write: (part) => void (text += part), isTerminal: true, colors: false, columns: () => 80 });
  return text;
}

const hostile = "a\x1b]0;owned\x07b\x9b2Jc\u202Ed";

Deno.test("complain() prints one line without control or direction characters, cut to 1000 characters", () => {
  assert.equal(written((err) => complain(err, `${hostile}\n  two\r\n`)), "yopo-bench: a ]0;owned b 2Jcd; two\n");
  const long = written((err) => complain(err, "x".repeat(5000)));
  assert.equal([...long].length, "yopo-bench: ".length + 1000 + 1);
});

Deno.test("printTrace() keeps the lines of a stack and drops what a message smuggles in", () => {
  const text = written((err) => printTrace(err, new Error(hostile, { cause: new Error("\x1b[2J") })));
  assert.ok(!/[^\P{Cc}\n]|\p{Cf}/u.test(text), JSON.stringify(text));
  assert.match(text, /^Error: a \]0;owned b 2Jcd\n {4}at .*\ncaused by Error: \[2J\n {4}at /s);
});

Deno.test("complain() does not throw where stderr cannot be written", () => {
  const broken: Output = {
    write() {
      throw new Error("No space left on device");
    },
    isTerminal: false,
    colors: false,
    columns: () => 80,
  };
  complain(broken, "Cannot go on");
});

/** What the JavaScript engine says about `mistake`. */
function engineMessage(mistake: () => unknown): string {
  let message = "";
  assert.throws(mistake, (error) => error instanceof TypeError && (message = error.message) !== "");
  return message;
}

Deno.test("errorText() tells a mistake in this program from a sentence of its own", () => {
  const nothing: unknown = JSON.parse("null");
  const message = engineMessage(() => (nothing as { key: unknown }).key);
  assert.match(message, /^Cannot read propert/);
  const internal = `Cannot go on: internal error: ${message}; run it again with --debug and report it`;
  assert.equal(errorText(new TypeError(message)), internal);
  const converted = engineMessage(() => Object.keys(nothing as object));
  assert.match(errorText(new TypeError(converted)), /^Cannot go on: internal error: Cannot convert undefined/);
  assert.equal(errorText(new Error("Cannot read suite file: no")), "Cannot read suite file: no");
  assert.equal(errorText(new Error("os error 5")), "Cannot go on: os error 5");
  assert.equal(errorText("os error 5"), "Cannot go on: os error 5");
});
