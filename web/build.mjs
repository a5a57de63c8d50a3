// SPDX-License-Identifier: MIT
//
// build.mjs -- bundles the page of the flame graph into one C file.
//
//   node build.mjs OUT.c     esbuild and d3 are found in node_modules of this or of the current folder
//
// The page comes in two pieces: what stands before the profile's JSON, and what stands behind it.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFileSync, writeFileSync } from "node:fs";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(process.cwd(), "package.json"));
const esbuild = require("esbuild");

function bundle(file) {
    const result = esbuild.buildSync({
        entryPoints: [join(here, "src", file)],
        bundle: true,
        minify: true,
        write: false,
        format: "iife",
        charset: "ascii",
        target: ["chrome90", "firefox90", "safari15"],
        legalComments: "none",
        nodePaths: [join(process.cwd(), "node_modules")],
        logLevel: "error",
    });
    return result.outputFiles[0].text.trim();
}

// What stands inside an element of the page may not end that element.
function within(element, text) {
    return text.replace(new RegExp(`</(?=${element})`, "gi"), "<\\/").replace(/<!--/g, "<\\!--");
}

// As numbers: compilers limit the length of strings, not of arrays.
function array(name, text) {
    const bytes = Buffer.from(text, "utf8");
    const lines = [];
    for (let i = 0; i < bytes.length; i += 24) lines.push([...bytes.subarray(i, i + 24)].join(","));
    return `const char ${name}[] = {${lines.join(",\n")},0};\n`;
}

const page = readFileSync(join(here, "page.html"), "utf8")
    .replace("/*STYLE*/", () => within("style", bundle("style.css")))
    .replace("/*SCRIPT*/", () => within("script", bundle("main.js")));
const [head, tail] = page.split("/*PROFILE*/");
const licence = "// Made by web/build.mjs. In it: modules of d3, Copyright Mike Bostock, ISC licence.\n";
writeFileSync(
    process.argv[2],
    `${licence}#include "flame_page.h"\n${array("ac_flame_page_head", head)}${array("ac_flame_page_tail", tail)}`,
);
