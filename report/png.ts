/** curves.png: curves.svg as pixels, for places that show no SVG. Text is drawn with a font that is shipped, so the
 *  picture is the same on every machine. Reads that font and the renderer's .wasm from their packages. @module */

import { initWasm, Resvg } from "@resvg/resvg-wasm";
import type { Exporter } from "./exporter.ts";
import { renderSvg } from "./svg.ts";

/** Pixels per SVG unit: sharp on screens with small pixels, small enough for a README. */
const ZOOM = 2;

export const png: Exporter = {
  format: "png",
  fileName: "curves.png",
  async render(result) {
    return await svgToPng(await renderSvg(result));
  },
};

/** Draws an SVG picture.
 *  @throws {Error} where the renderer cannot read or draw it */
export async function svgToPng(svgText: string): Promise<Uint8Array> {
  const fonts = await loadOnce();
  try {
    const resvg = new Resvg(svgText, {
      fitTo: { mode: "zoom", value: ZOOM },
      font: { fontBuffers: fonts, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
    });
    const image = resvg.render();
    const bytes = image.asPng();
    // Only after success: freeing what a failed call still holds throws another error, which would hide the first.
    image.free();
    resvg.free();
    return bytes;
  } catch (cause) {
    throw new Error(`Cannot draw the picture as PNG: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

let loaded: Promise<Uint8Array[]> | undefined;

/** The renderer refuses to be initialised twice in a process. */
function loadOnce(): Promise<Uint8Array[]> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Uint8Array[]> {
  await initWasm(await asset(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  return [
    await asset(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")),
    await asset(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf")),
  ];
}

async function asset(address: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(new URL(address));
}
