/** Hostile texts, and the sample result with one in every place that a file, a machine or an error message can fill.
 *  @module */

import type { Result } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";

/** The sample with a text in every place that a file, a machine or an error message can fill. */
export function sampleWithText(text: string): Result {
  const result = sampleResult({ trouble: true });
  return {
    ...result,
    suite: { ...result.suite, name: text, title: text, description: text, command: text },
    created: text,
    tool: { ...result.tool, version: text, commit: text, deno: text, tfjs: text },
    machines: result.machines.map((machine) => ({
      ...machine,
      cpu: text,
      gpu: text,
      os: text,
      osRelease: text,
      arch: text,
      deno: text,
      v8: text,
      tfjs: text,
    })),
    attacks: Object.fromEntries(
      Object.keys(result.attacks).map((key) => [key, { name: text, label: text, resolved: { [text]: text } }]),
    ),
    runs: result.runs.map((run, index) => ({
      ...run,
      label: `${text}${index}`,
      methodLabel: text,
      note: text,
      message: run.message === null ? null : text,
      warnings: run.warnings.map(() => ({ code: text, message: text, advice: text })),
      engine: run.engine && { ...run.engine, name: text, version: text, kernels: text, precision: text },
      config: {
        ...run.config,
        data: { name: [...text].slice(0, 64).join(""), options: { [text]: text } },
        model: { name: [...text].slice(0, 64).join(""), options: { [text]: text } },
        method: { name: run.config.method.name, options: { [text]: text } },
      },
    })),
  };
}

/** Texts that try to be markup in one format or another. */
export const HOSTILE_TEXTS: readonly string[] = [
  "</text></svg><script>alert(1)</script>",
  "a|b\\|c",
  "![x](https://example.org/x.png) [y](javascript:alert(1)) https://example.org www.example.org",
  "\n\n# heading\n- item\n| a | b |\n```\nfence",
  "`code` **bold** _em_ ~~gone~~ $x^2$ &lt; &#x3c; <!-- -->",
  "```` ``` `",
  '=HYPERLINK("https://example.org","x"), +1, @x',
  "]]> <![CDATA[ <?xml ?> &quot; ' \"",
  "\u0000\u0008\u001b[31m\u202Eright to left\uFFFE\uD800",
  "w".repeat(5000),
  "𝕎 中文 😀 é",
];
