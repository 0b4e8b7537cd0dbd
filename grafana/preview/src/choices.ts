// The variables of a dashboard: what can be chosen, what is chosen, and queries with the choice in them.
import type { TimeRange } from "@grafana/data";
import type { Dashboard } from "./model";
import type { Prometheus } from "./prometheus";

const ALL = "$__all";

export interface Choice {
  label: string;
  /** What the control shows. */
  text: string;
  /** What a query gets. */
  value: string;
}

/** An expression with its variables filled in; a `$1` in quotes belongs to PromQL. */
export function interpolate(text: string, values: Record<string, string>): string {
  return text.replace(/("\$\d")|\$\{?([A-Za-z_]\w*)\}?/g, (_, regex: string | undefined, name: string) => {
    if (regex) {
      return regex;
    }
    if (!(name in values)) {
      throw new Error(`no value for $${name} in ${text}`);
    }
    return values[name];
  });
}

/** Every choice of a first visit, but for those that are given. */
export async function choose(
  dashboard: Dashboard,
  given: Record<string, string>,
  server: Prometheus,
  range: TimeRange,
): Promise<Record<string, Choice>> {
  const chosen: Record<string, Choice> = {};
  for (const variable of dashboard.templating.list) {
    if (variable.type === "datasource") {
      chosen[variable.name] = { label: variable.label, text: "Prometheus", value: "prometheus" };
      continue;
    }
    const values = Object.fromEntries(Object.entries(chosen).map(([name, choice]) => [name, choice.value]));
    const query = /^label_values\((.+), (\w+)\)$/.exec(interpolate(variable.query.query, values));
    const found = query ? await server.labelValues(query[2], query[1], range) : [];
    const first = variable.current.value?.[0] ?? found[0];
    const value = given[variable.name] ?? first;
    if (value !== ALL && !found.includes(value)) {
      throw new Error(`${variable.name}: ${value} is not among ${found.join(", ") || "no values"}`);
    }
    chosen[variable.name] = {
      label: variable.label,
      text: value === ALL ? "All" : value,
      value: value === ALL ? variable.allValue : value.replace(/[\\^$*+?.()|[\]{}]/g, "\\\\$&"),
    };
  }
  return chosen;
}
