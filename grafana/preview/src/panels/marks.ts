import type { AnnotationEvent } from "@grafana/data";
import type { UPlotConfigBuilder } from "@grafana/ui";

/** Shade the span of every event, with a line where it begins and a bar under it. */
export function mark(builder: UPlotConfigBuilder, marks: AnnotationEvent[]): null {
  builder.addHook("draw", (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height + 6 * devicePixelRatio);
    ctx.clip();
    for (const { time = 0, timeEnd = time, color = "red" } of marks) {
      const [left, right] = [time, timeEnd].map((at) => plot.valToPos(at, "x", true));
      const bottom = bbox.top + bbox.height;
      ctx.globalAlpha = 0.1;
      ctx.fillStyle = color;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillRect(left, bottom, Math.max(right - left, 2), 4 * devicePixelRatio);
      ctx.strokeStyle = color;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bottom);
      ctx.stroke();
    }
    ctx.restore();
  });
  return null;
}
