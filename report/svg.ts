/** curves.svg: the curves as an SVG file that needs nothing else. @module */

import type { Result } from "../bench/result.ts";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { curvesSpec } from "./curves.ts";
import type { Exporter } from "./exporter.ts";

export const svg: Exporter = { format: "svg", fileName: "curves.svg", render: renderSvg };

/** A result's curves as SVG text. */
export function renderSvg(result: Result): Promise<string> {
  return drawSpec(curvesSpec(result));
}

/** A specification's picture as SVG text. */
export async function drawSpec(spec: TopLevelSpec): Promise<string> {
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
