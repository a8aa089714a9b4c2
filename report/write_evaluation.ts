/** Writes the report of one evaluation into its folder. @module */

import { join } from "node:path";
import { evaluationCurveSpec } from "./evaluation_curve.ts";
import { evaluationMarkdown } from "./evaluation_markdown.ts";
import type { EvaluationRecord } from "../bench/evaluation_record.ts";
import { svgToPng } from "./png.ts";
import { drawSpec } from "./svg.ts";
import { writeWhole } from "./write_report.ts";

/** Writes report.md, and curve.svg and curve.png where the record has a curve, each whole or not at all. All are made before
 *  the first is written.
 *
 *  @returns the paths of the files
 *  @throws {Error} where a file cannot be written; what was there before is then untouched */
export async function writeEvaluationReport(folder: string, record: EvaluationRecord): Promise<string[]> {
  const files: [string, string | Uint8Array][] = [["report.md", evaluationMarkdown(record)]];
  if (record.curve.length > 0) {
    const picture = await drawSpec(evaluationCurveSpec(record));
    files.push(["curve.svg", picture], ["curve.png", await svgToPng(picture)]);
  }
  const written = files.map(([name, content]) => ({
    path: join(folder, name),
    bytes: typeof content === "string" ? new TextEncoder().encode(content) : content,
  }));
  for (const { path, bytes } of written) await writeWhole(path, bytes);
  return written.map(({ path }) => path);
}
