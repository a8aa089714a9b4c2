/** The report's formats, in the order in which their files are written. @module */

import { csv } from "./csv.ts";
import type { Exporter } from "./exporter.ts";
import { markdown } from "./markdown.ts";
import { png } from "./png.ts";
import { svg } from "./svg.ts";

export const exporters: readonly Exporter[] = [csv, markdown, png, svg];
