// What Grafana says a dashboard is, as far as the shipped ones go: its types, with options by the type of the panel.
import type { Dashboard, Panel, RowPanel } from "@grafana/schema";
import type * as Stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as States from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as Table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as Graph from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** JSON has the values of enumerations, not their names. */
type Written<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Written<Item>[]
    : T extends object
      ? { [Key in keyof T]: Written<T[Key]> }
      : T;

type Fields = NonNullable<Panel["fieldConfig"]>;

type Kind<Type extends string, Options, Custom> = Omit<Written<Panel>, "type" | "options" | "fieldConfig"> & {
  type: Type;
  options: Written<Partial<Options>>;
  fieldConfig: Omit<Written<Fields>, "defaults"> & {
    defaults: Omit<Written<Fields["defaults"]>, "custom"> & { custom: Written<Partial<Custom>> };
  };
};

type ShippedPanel =
  | Kind<"stat", Stat.Options, Record<string, never>>
  | Kind<"table", Table.Options, Table.FieldConfig & { filterable: boolean }>
  | Kind<"timeseries", Graph.Options, Graph.FieldConfig>
  | Kind<"state-timeline", States.Options, States.FieldConfig & { spanNulls: number }>
  | Written<RowPanel>;

/** The classic form of an annotation, which the data source of Grafana brings into its present one. */
interface ClassicAnnotation {
  datasource: { type: string; uid: string };
  enable: boolean;
  expr: string;
  hide: boolean;
  iconColor: string;
  name: string;
  step: string;
  tagKeys: string;
  textFormat: string;
  titleFormat: string;
}

type Variable = NonNullable<NonNullable<Dashboard["templating"]>["list"]>[number];

/** The data source starts without a value, so that it is whichever there is. */
type ShippedVariable = Omit<Written<Variable>, "current"> & {
  current: Written<Variable["current"]> | Record<string, never>;
};

export type Shipped = Omit<Written<Dashboard>, "annotations" | "panels" | "templating"> & {
  annotations: { list: ClassicAnnotation[] };
  panels: ShippedPanel[];
  templating: { list: ShippedVariable[] };
};
