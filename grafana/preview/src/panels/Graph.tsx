import { TimeSeries } from "@grafana/ui";
import type { Drawn } from "./drawn";
import { mark } from "./marks";

/** Lines over time, with the events of the dashboard marked. */
export function Graph({ panel, frames, range, marks, width, height }: Drawn) {
  return (
    <TimeSeries
      frames={frames}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
      timeRange={range}
      timeZone="utc"
      width={width}
    >
      {(builder) => mark(builder, marks)}
    </TimeSeries>
  );
}
