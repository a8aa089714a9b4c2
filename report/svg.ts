/** curves.svg: the curves as an SVG file that needs nothing else. @module */

import type { Result } from "../bench/result.ts";
import * as vega from "vega";
import { compile } from "vega-lite";
import { curvesSpec } from "./curves.ts";
import type { Exporter } from "./exporter.ts";

export const svg: Exporter = { format: "svg", fileName: "curves.svg", render: renderSvg };

/** The picture as SVG text. */
export async function renderSvg(result: Result): Promise<string> {
  const view = new vega.View(vega.parse(compile(curvesSpec(result)).spec), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
