// What the page is told, and what it makes of it.
import type { AnnotationEvent, DataFrame, FieldConfigSource, TimeRange } from "@grafana/data";

export interface Target {
  refId: string;
  expr: string;
  format: "table" | "time_series";
  instant: boolean;
  legendFormat: string;
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig: FieldConfigSource;
  // Options differ by the type of the panel, and are checked against Grafana's types elsewhere.
  options: any;
  targets: Target[];
  transformations: { id: string; options: object }[];
}

export interface Variable {
  name: string;
  label: string;
  type: string;
  query: { query: string };
  allValue: string;
  current: { value?: string[] };
}

export interface Annotation {
  name: string;
  expr: string;
  step: string;
  iconColor: string;
  titleFormat: string;
}

export interface Dashboard {
  title: string;
  time: { from: string; to: string };
  panels: Panel[];
  links: { title: string; type: string }[];
  templating: { list: Variable[] };
  annotations: { list: Annotation[] };
}

/** What the page is asked to draw. */
export interface Request {
  dashboard: Dashboard;
  /** The address of a Prometheus. */
  prometheus: string;
  /** Choices that are not those of a first visit, by the name of their variable. */
  choices: Record<string, string>;
  /** Another time range than the dashboard's own. */
  from?: string;
  theme: "dark" | "light";
  /** The width of the page in CSS pixels. */
  width: number;
}

/** A panel with what Grafana's panel plugin would be given. */
export interface Filled {
  panel: Panel;
  frames: DataFrame[];
}

export interface Scene {
  range: TimeRange;
  filled: Filled[];
  marks: AnnotationEvent[];
  choices: { label: string; text: string }[];
}
