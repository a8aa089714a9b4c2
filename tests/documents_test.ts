import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);

/** The Markdown files that people read, as paths from the project's root. */
async function documents(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder || ".", root))) {
    if (isDirectory && (folder.startsWith("docs/") || name === "docs")) {
      found.push(...await documents(`${folder}${name}/`));
    } else if (name.endsWith(".md")) found.push(folder + name);
  }
  return found;
}

/** Relative targets of links and pictures in a Markdown text. */
function targets(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return links.filter((link) => !/^[a-z]+:|^#/.test(link)).map((link) => link.replace(/#.*$/, ""));
}

Deno.test("every relative link in the documents leads to a file or folder", async () => {
  const broken: string[] = [];
  let links = 0;
  for (const path of await documents()) {
    for (const target of targets(await Deno.readTextFile(new URL(path, root)))) {
      links++;
      const exists = await Deno.stat(new URL(target, new URL(path, root))).then(() => true, () => false);
      if (!exists) broken.push(`${path}: ${target}`);
    }
  }
  assert.ok(links > 10, `only ${links} links were found`);
  assert.deepEqual(broken, []);
});

Deno.test("a link's target is found with and without an anchor, addresses of the web are not", () => {
  assert.deepEqual(targets("![a](x/y.png) and [b](z.md#part) and [c](https://example.org) and [d](#top)"), [
    "x/y.png",
    "z.md",
  ]);
});

Deno.test("docs/dependencies.md names every package of deno.json and no other", async () => {
  const text = await Deno.readTextFile(new URL("docs/dependencies.md", root));
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
  const used = Object.keys(config.imports).filter((name) => name !== "yopo-bench").map((name) =>
    name.replace(/\/$/, "")
  );
  assert.deepEqual(named.sort(), used.sort());
});
