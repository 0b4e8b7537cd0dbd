import type { AnnotationEvent, TimeRange } from "@grafana/data";
import type { Filled } from "../model";

/** What every panel is drawn from: its data, its place in pixels, and what lies over all of them. */
export interface Drawn extends Filled {
  range: TimeRange;
  marks: AnnotationEvent[];
  width: number;
  height: number;
}
