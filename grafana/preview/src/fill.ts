// From the JSON of a dashboard to what its panels are drawn from.
import {
  type AnnotationEvent,
  type DataFrame,
  type GrafanaTheme2,
  type TimeRange,
  applyFieldOverrides,
  cacheFieldDisplayNames,
  rangeUtil,
  transformDataFrame,
} from "@grafana/data";
import { lastValueFrom } from "rxjs";
import { choose, interpolate } from "./choices";
import { registry } from "./fields";
import type { Annotation, Filled, Panel, Request, Scene } from "./model";
import { Prometheus, graphFrames, tableFrame } from "./prometheus";

/** `timeInterval` of the data source: the default of Grafana. */
const SCRAPE_MS = 15_000;

export async function fill(request: Request, theme: GrafanaTheme2): Promise<Scene> {
  const { dashboard } = request;
  const server = new Prometheus(request.prometheus);
  const range = rangeUtil.convertRawToRange({ from: request.from ?? dashboard.time.from, to: "now" }, "utc");
  const chosen = await choose(dashboard, request.choices, server, range);
  const values = Object.fromEntries(Object.entries(chosen).map(([name, choice]) => [name, choice.value]));
  const shown = dashboard.panels.filter((panel) => panel.type !== "row");
  const filled = await Promise.all(
    shown.map(async (panel): Promise<Filled> => {
      const step = stepOf(range, (request.width / 24) * panel.gridPos.w);
      const frames = await ask(panel, server, range, step, values);
      return { panel, frames: await process(panel, frames, theme) };
    }),
  );
  const marks = await Promise.all(
    dashboard.annotations.list.map((one) => events(one, server, range, values, theme)),
  );
  return { range, filled, marks: marks.flat(), choices: Object.values(chosen) };
}

/** Milliseconds between two points of a graph of this width in pixels. */
function stepOf(range: TimeRange, width: number): number {
  return rangeUtil.calculateInterval(range, Math.floor(width), `${SCRAPE_MS}ms`).intervalMs;
}

async function ask(
  panel: Panel,
  server: Prometheus,
  range: TimeRange,
  step: number,
  values: Record<string, string>,
): Promise<DataFrame[]> {
  const window = Math.max(step + SCRAPE_MS, 4 * SCRAPE_MS);
  const all = { ...values, __rate_interval: `${window / 1000}s` };
  const answers = await Promise.all(
    panel.targets.map(async (target) => {
      const query = interpolate(target.expr, all);
      const found = await (target.instant
        ? server.instant(query, range.to.valueOf())
        : server.range(query, range, step));
      return target.format === "table"
        ? [tableFrame(target, found, panel.targets.length > 1)]
        : graphFrames(target, found, step);
    }),
  );
  return answers.flat();
}

async function process(panel: Panel, frames: DataFrame[], theme: GrafanaTheme2): Promise<DataFrame[]> {
  const context = { interpolate: (text: string) => text };
  const transformed = panel.transformations.length
    ? await lastValueFrom(transformDataFrame(panel.transformations as any, frames, context))
    : frames;
  const shown = applyFieldOverrides({
    data: transformed.filter((frame) => frame.fields.length > 0),
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: registry,
    replaceVariables: (text) => text,
    theme,
    timeZone: "utc",
  });
  cacheFieldDisplayNames(shown);
  return shown;
}

/** Spans during which an annotation's query is above zero, at every step. */
async function events(
  one: Annotation,
  server: Prometheus,
  range: TimeRange,
  values: Record<string, string>,
  theme: GrafanaTheme2,
): Promise<AnnotationEvent[]> {
  const step = rangeUtil.intervalToMs(one.step);
  const found = await server.range(interpolate(one.expr, values), range, step);
  return found.flatMap(({ metric, values: points = [] }) => {
    const title = one.titleFormat.replace(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? "");
    const spans: AnnotationEvent[] = [];
    for (const at of points.filter(([, value]) => Number(value) > 0).map(([seconds]) => seconds * 1000)) {
      const last = spans.at(-1);
      if (last && at - last.timeEnd! <= step) {
        last.timeEnd = at;
      } else {
        spans.push({ time: at, timeEnd: at, title, color: theme.visualization.getColorByName(one.iconColor) });
      }
    }
    return spans;
  });
}
