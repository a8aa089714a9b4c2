/** Options that every model has: the shape of one image and the number of classes. @module */

import { number, type Option } from "./options.ts";

/** Rows for a model's option table, with the model's own defaults. */
export function imageOptions(defaults: { height: number; width: number; channels: number; classes: number }) {
  const size = (what: string, value: number): Option<number> =>
    number({ doc: what, min: 1, max: 4096, integer: true, default: value });
  return {
    height: size("Image height in pixels", defaults.height),
    width: size("Image width in pixels", defaults.width),
    channels: size("Channels of an image", defaults.channels),
    classes: number({ doc: "Classes", min: 2, max: 65536, integer: true, default: defaults.classes }),
  };
}
