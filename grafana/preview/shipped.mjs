// The shipped dashboards as TypeScript, so that the compiler holds them against Grafana's types.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const FROM = "../dashboards";
const OUT = "../../build/shipped";

mkdirSync(OUT, { recursive: true });
for (const file of readdirSync(FROM)) {
  const name = file.replace(".json", "");
  const head = 'import type { Shipped } from "../../grafana/preview/types/dashboard";\n\n';
  const json = readFileSync(`${FROM}/${file}`, "utf8").trimEnd();
  writeFileSync(`${OUT}/${name}.ts`, `${head}export const ${name}: Shipped = ${json};\n`);
}
