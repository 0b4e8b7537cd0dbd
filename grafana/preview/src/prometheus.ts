// Asks a Prometheus, as Grafana's data source does, and gives its answers the shape that panels expect.
import { type DataFrame, FieldType, type Labels, type TimeRange } from "@grafana/data";
import type { Target } from "./model";

interface Series {
  metric: Labels;
  value?: [number, string];
  values?: [number, string][];
}

export class Prometheus {
  constructor(private readonly url: string) {}

  async labelValues(label: string, selector: string, range: TimeRange): Promise<string[]> {
    return this.get(`label/${label}/values`, { "match[]": selector, ...seconds(range) });
  }

  async instant(query: string, at: number): Promise<Series[]> {
    return (await this.get("query", { query, time: String(at / 1000) })).result;
  }

  /** Steps fall on multiples of their length, so that a picture does not change with every refresh. */
  async range(query: string, range: TimeRange, step: number): Promise<Series[]> {
    const [start, end] = [range.from, range.to].map((at) => (Math.floor(at.valueOf() / step) * step) / 1000);
    const asked = { query, start: String(start), end: String(end), step: String(step / 1000) };
    return (await this.get("query_range", asked)).result;
  }

  private async get(path: string, parameters: Record<string, string>): Promise<any> {
    const answer = await (await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
    if (answer.status !== "success") {
      throw new Error(`${path} ${JSON.stringify(parameters)}: ${answer.error}`);
    }
    return answer.data;
  }
}

function seconds(range: TimeRange): Record<string, string> {
  return { start: String(range.from.valueOf() / 1000), end: String(range.to.valueOf() / 1000) };
}

function points(series: Series): [number, string][] {
  return series.values ?? (series.value ? [series.value] : []);
}

/** A number as Prometheus writes it; `parseFloat` knows no `+Inf`. */
function sample(text: string): number {
  return text.endsWith("Inf") ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}

function legend(target: Target, labels: Labels): string {
  if (target.legendFormat === "") {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    return pairs.length ? `{${pairs.sort().join(", ")}}` : target.expr;
  }
  return target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
}

/** One frame a series, named by its legend; one empty frame when there is no series. */
export function graphFrames(target: Target, found: Series[], step: number): DataFrame[] {
  if (!found.length) {
    return [{ refId: target.refId, fields: [], length: 0 }];
  }
  return found.map((series) => {
    const displayNameFromDS = legend(target, series.metric);
    const values = points(series);
    return {
      refId: target.refId,
      name: displayNameFromDS,
      length: values.length,
      fields: [
        { name: "Time", type: FieldType.time, config: { interval: step }, values: values.map(([at]) => at * 1000) },
        {
          name: "Value",
          type: FieldType.number,
          labels: series.metric,
          config: { displayNameFromDS },
          values: values.map(([, value]) => sample(value)),
        },
      ],
    };
  });
}

/** One frame a query: time, every label, and the value, which has the letter of the query when there are several. */
export function tableFrame(target: Target, found: Series[], several: boolean): DataFrame {
  const labels = [...new Set(found.flatMap((series) => Object.keys(series.metric).sort()))];
  const rows = found.flatMap((series) => points(series).map(([at, value]) => ({ at, value, metric: series.metric })));
  return {
    refId: target.refId,
    length: rows.length,
    fields: [
      { name: "Time", type: FieldType.time, config: {}, values: rows.map(({ at }) => at * 1000) },
      ...labels.map((name) => ({
        name,
        type: FieldType.string,
        config: { filterable: true },
        values: rows.map(({ metric }) => metric[name] ?? ""),
      })),
      {
        name: several ? `Value #${target.refId}` : "Value",
        type: FieldType.number,
        config: {},
        values: rows.map(({ value }) => sample(value)),
      },
    ],
  };
}
