// One page, its script and what Grafana's components load by address (icons, fonts), all in a folder that is served.
import { build } from "esbuild";
import { cpSync, rmSync, writeFileSync } from "node:fs";

const OUT = "../../build/preview";

rmSync(OUT, { recursive: true, force: true });
await build({
  entryPoints: ["src/main.tsx"],
  outdir: OUT,
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"', global: "window" },
  loader: { ".svg": "dataurl", ".ttf": "dataurl", ".woff": "dataurl", ".woff2": "dataurl" },
  jsx: "automatic",
  minify: true,
  logLevel: "error",
});
cpSync("node_modules/@grafana/ui/dist/public", `${OUT}/public/build`, { recursive: true });
for (const [weight, name] of [[400, "Regular"], [500, "Medium"]]) {
  cpSync(`node_modules/@fontsource/inter/files/inter-latin-${weight}-normal.woff2`, `${OUT}/public/fonts/inter/Inter-${name}.woff2`);
}
writeFileSync(
  `${OUT}/index.html`,
  '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="main.css"><div id="root"></div>' +
    '<script src="main.js"></script>',
);
