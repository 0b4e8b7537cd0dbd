// Grafana's state timeline is part of its server and not of its libraries. This one stands in for it: axes, words and
// colours are Grafana's, the bars are drawn here.
import {
  type Field,
  FieldType,
  type GrafanaTheme2,
  type TimeRange,
  formattedValueToString,
  getFieldDisplayName,
} from "@grafana/data";
import { AxisPlacement, ScaleDirection, ScaleOrientation } from "@grafana/schema";
import { UPlotChart, UPlotConfigBuilder, measureText, useTheme2 } from "@grafana/ui";
import { useMemo } from "react";
import type { Drawn } from "./drawn";
import { mark } from "./marks";

const ROW = "row";
const FONT_SIZE = 12;

interface Span {
  from: number;
  to: number;
  text: string;
  color: string;
}

interface Line {
  name: string;
  opacity: number;
  spans: Span[];
}

export function Timeline({ panel, frames, range, marks, width, height }: Drawn) {
  const theme = useTheme2();
  const config = useMemo(() => {
    const lines = frames.flatMap((frame) => {
      const time = frame.fields.find((field) => field.type === FieldType.time)!;
      return frame.fields
        .filter((field) => field.type === FieldType.number)
        .map((field) => ({
          name: getFieldDisplayName(field, frame, frames),
          opacity: (field.config.custom.fillOpacity ?? 80) / 100,
          spans: spansOf(time, field, range.to.valueOf()),
        }));
    });
    const builder = configOf(lines, range, theme, panel.options.rowHeight);
    mark(builder, marks);
    return builder;
  }, [panel, frames, range, marks, theme]);
  const data: [number[], null[]] = [[range.from.valueOf(), range.to.valueOf()], [null, null]];
  return <UPlotChart config={config} data={data} height={height} width={width} />;
}

/** Equal neighbours are one span; a gap that is longer than `spanNulls` ends it one step after its last point. */
function spansOf(time: Field<number>, field: Field<number>, end: number): Span[] {
  const step = time.config.interval ?? 0;
  const bridged = Math.max(Number(field.config.custom.spanNulls ?? 0), step);
  const spans: Span[] = [];
  time.values.forEach((from, place) => {
    const next = time.values[place + 1] ?? Infinity;
    const to = Math.min(next - from <= bridged ? next : from + step, end);
    const shown = field.display!(field.values[place]);
    const text = formattedValueToString(shown);
    const last = spans.at(-1);
    if (last && last.to >= from && last.text === text) {
      last.to = to;
    } else {
      spans.push({ from, to, text, color: shown.color ?? "" });
    }
  });
  return spans;
}

function configOf(lines: Line[], range: TimeRange, theme: GrafanaTheme2, rowHeight: number): UPlotConfigBuilder {
  const builder = new UPlotConfigBuilder("utc");
  const rows = lines.length;
  builder.addScale({
    scaleKey: "x",
    isTime: true,
    orientation: ScaleOrientation.Horizontal,
    direction: ScaleDirection.Right,
    range: () => [range.from.valueOf(), range.to.valueOf()],
  });
  builder.addScale({
    scaleKey: ROW,
    orientation: ScaleOrientation.Vertical,
    direction: ScaleDirection.Down,
    range: () => [0, rows],
  });
  builder.addAxis({ scaleKey: "x", isTime: true, placement: AxisPlacement.Bottom, timeZone: "utc", theme });
  builder.addAxis({
    scaleKey: ROW,
    placement: AxisPlacement.Left,
    splits: lines.map((_, row) => row + 0.5),
    values: lines.map(({ name }) => name),
    grid: { show: false },
    ticks: { show: false },
    gap: 16,
    theme,
  });
  builder.addHook("drawAxes", (plot) => {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const bar = (bbox.height / rows) * rowHeight;
    ctx.save();
    ctx.font = `${FONT_SIZE * ratio}px ${theme.typography.fontFamily}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    lines.forEach(({ spans, opacity }, row) => {
      const middle = plot.valToPos(row + 0.5, ROW, true);
      for (const { from, to, text, color } of spans) {
        const left = Math.max(plot.valToPos(from, "x", true), bbox.left);
        const right = Math.min(plot.valToPos(to, "x", true), bbox.left + bbox.width);
        ctx.globalAlpha = opacity;
        ctx.fillStyle = color;
        ctx.fillRect(left, middle - bar / 2, right - left, bar);
        if (measureText(text, FONT_SIZE).width + 8 < (right - left) / ratio && bar / ratio > FONT_SIZE) {
          ctx.globalAlpha = 1;
          ctx.fillStyle = theme.colors.getContrastText(color, theme.colors.contrastThreshold);
          ctx.fillText(text, left + 4 * ratio, middle);
        }
      }
    });
    ctx.restore();
  });
  builder.addSeries({ scaleKey: ROW, theme, pathBuilder: () => null, pointsBuilder: () => null } as any);
  return builder;
}
