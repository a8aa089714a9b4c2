import assert from "node:assert/strict";
import { HOSTILE_TEXTS } from "./_sample_with_text.ts";
import { type AttackedImage, contactSheet } from "./contact_sheet.ts";
import { svgToPng } from "./png.ts";

/** A 2 × 3 image whose clean pixels are all `value`, the first of them raised by `change`. */
function sample(change: number, { channels = 1, value = 0.2 } = {}): AttackedImage {
  const clean = new Float32Array(6 * channels).fill(value);
  const adversarial = clean.map((pixel, i) => i < channels ? pixel + change : pixel);
  return { clean, adversarial, label: 1, predictedClean: 1, predictedAdversarial: 2, position: 41 };
}

const OPTIONS = { shape: [2, 3, 1] as const, title: "Attacked", epsilon: 0.1 };
const textsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
const picturesOf = (svg: string) => [...svg.matchAll(/<g [^>]*>(.*?)<\/g>/g)].map(([, body]) => body);

Deno.test("contactSheet() tells predictions in words and names the difference's scale", () => {
  assert.deepEqual(textsOf(contactSheet({ ...OPTIONS, images: [sample(0.1)], names: ["cat", "dog", "owl"] })), [
    "Attacked",
    "Difference: grey = none, white = +0.1, black = −0.1.",
    "The scale ends at ε; pixel values are in 0 to 1.",
    "Clean",
    "Adversarial",
    "Difference",
    "Image 41, label dog",
    "clean: predicted dog, correct",
    "adversarial: predicted owl, wrong",
  ]);
  assert.ok(textsOf(contactSheet({ ...OPTIONS, images: [sample(0.1)] })).includes("adversarial: predicted 2, wrong"));
});

Deno.test("contactSheet() draws ε as white, −ε as black and no change as grey, runs of equal pixels as one", () => {
  const [clean, adversarial, raised] = picturesOf(contactSheet({ ...OPTIONS, images: [sample(0.1)] }));
  assert.equal(clean, '<path fill="#333333" d="M0 0h3v1h-3zM0 1h3v1h-3z"/>');
  assert.equal(
    adversarial,
    '<path fill="#4d4d4d" d="M0 0h1v1h-1z"/><path fill="#333333" d="M1 0h2v1h-2zM0 1h3v1h-3z"/>',
  );
  assert.match(raised ?? "", /^<path fill="#ffffff" d="M0 0h1v1h-1z"\/><path fill="#808080"/);
  assert.match(picturesOf(contactSheet({ ...OPTIONS, images: [sample(-0.1)] }))[2] ?? "", /^<path fill="#000000"/);
});

Deno.test("contactSheet() draws red, green and blue, and says that each is for itself", () => {
  const image = sample(0, { channels: 3 });
  image.clean.set([1, 0, 0.2]);
  const svg = contactSheet({ ...OPTIONS, epsilon: 8 / 255, shape: [2, 3, 3], images: [image] });
  assert.match(svg, /white = \+8\/255, .*red, green and blue each for itself\.</s);
  const [clean] = picturesOf(svg);
  assert.match(clean ?? "", /^<path fill="#ff0033" d="M0 0h1v1h-1z"\/>/);
});

Deno.test("contactSheet() of an L2 attack shows its largest difference as white and says so", () => {
  const svg = contactSheet({ ...OPTIONS, norm: "l2", epsilon: 2, images: [sample(0.25), sample(0.125)] });
  assert.match(svg, /white = \+0\.25, black = −0\.25\.</);
  assert.match(svg, /The scale ends at the largest difference here; L2 ε = 2; pixel values/);
  const [, , first, , , second] = picturesOf(svg);
  assert.match(first ?? "", /^<path fill="#ffffff"/);
  assert.match(second ?? "", /^<path fill="#bfbfbf"/);
});

Deno.test("contactSheet() draws twelve images at most and says how many there are", () => {
  const images = Array.from({ length: 30 }, () => sample(0.1));
  const svg = contactSheet({ ...OPTIONS, images });
  assert.equal(picturesOf(svg).length, 36);
  assert.match(svg, /; the first 12 of 30 images\.</);
  assert.equal(picturesOf(contactSheet({ ...OPTIONS, images: [] })).length, 0);
});

Deno.test("contactSheet() holds hostile texts as text and still draws", async () => {
  for (const hostile of HOSTILE_TEXTS) {
    const svg = contactSheet({ ...OPTIONS, title: hostile, names: Array(3).fill(hostile), images: [sample(0.1)] });
    assert.doesNotMatch(svg, /<script|<!|<\?|href=|[^\P{Cc}\n]|\uFFFE/iu, hostile);
    assert.equal(textsOf(svg).length, 9);
    assert.ok((await svgToPng(svg)).length > 500);
  }
});

Deno.test("contactSheet() refuses images that do not fit the shape", () => {
  assert.throws(
    () => contactSheet({ ...OPTIONS, shape: [3, 3, 1], images: [sample(0)] }),
    /^RangeError: Cannot draw image 41: it has 6 values where 3 × 3 × 1 are needed$/,
  );
  assert.throws(() => contactSheet({ ...OPTIONS, shape: [3, 1, 2], images: [sample(0)] }), /of 2 channels: expected 1/);
});
