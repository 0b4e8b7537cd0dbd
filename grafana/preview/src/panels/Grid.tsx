import { TableNG } from "@grafana/ui/unstable";
import type { Drawn } from "./drawn";

/** A table, with the sorting, colours and links of the dashboard. */
export function Grid({ panel, frames, range, width, height }: Drawn) {
  return (
    <TableNG
      cellHeight={panel.options.cellHeight}
      data={frames[0]}
      enableVirtualization={false}
      fieldConfig={panel.fieldConfig}
      height={height}
      noHeader={!panel.options.showHeader}
      noValue={panel.fieldConfig.defaults.noValue}
      sortBy={panel.options.sortBy}
      structureRev={1}
      timeRange={range}
      width={width}
    />
  );
}
