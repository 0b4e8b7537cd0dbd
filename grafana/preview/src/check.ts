// What only Grafana's own code can tell of a dashboard: whether it knows the units, colours and transformations, and
// whether a mapped value comes out with the word and the colour that the dashboard gives it.
import {
  FieldType,
  type FieldConfig,
  type GrafanaTheme2,
  MappingType,
  applyFieldOverrides,
  colorManipulator,
  fieldColorModeRegistry,
  formattedValueToString,
  getValueFormat,
  standardTransformersRegistry,
} from "@grafana/data";
import { registry } from "./fields";
import type { Dashboard, Panel } from "./model";

/** Everything that is wrong; empty when nothing is. */
export function check(dashboard: Dashboard, theme: GrafanaTheme2): string[] {
  const panels = dashboard.panels.filter((panel) => panel.type !== "row");
  const problems = panels.flatMap((panel) => ofPanel(panel, theme).map((problem) => `${panel.title}: ${problem}`));
  for (const { name, iconColor } of dashboard.annotations.list) {
    problems.push(...ofColor(iconColor, theme).map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

function ofPanel(panel: Panel, theme: GrafanaTheme2): string[] {
  const { defaults, overrides } = panel.fieldConfig;
  const problems = ofField(panel, "Value", defaults, theme);
  for (const { color } of defaults.thresholds?.steps ?? []) {
    problems.push(...ofColor(color, theme));
  }
  for (const { id } of panel.transformations) {
    if (!standardTransformersRegistry.getIfExists(id)) {
      problems.push(`no transformation ${id}`);
    }
  }
  for (const { matcher, properties } of overrides) {
    problems.push(...properties.filter(({ id }) => !registry.getIfExists(id)).map(({ id }) => `no option ${id}`));
    const own = Object.fromEntries(properties.map(({ id, value }) => [id, value])) as FieldConfig;
    // Only a matcher by name says what the field is called whose mappings are to be tried.
    problems.push(...ofField(panel, matcher.id === "byName" ? matcher.options : "", own, theme));
  }
  return problems;
}

/** The field of a name, as the dashboard configures it, with every value that one of its mappings names. */
function ofField(panel: Panel, name: string, config: FieldConfig, theme: GrafanaTheme2): string[] {
  const problems = Object.keys({ ...config.custom })
    .filter((id) => !registry.getIfExists(`custom.${id}`))
    .map((id) => `no option custom.${id}`);
  if (config.unit !== undefined && !isUnit(config.unit)) {
    problems.push(`no unit ${config.unit}`);
  }
  if (config.color && !fieldColorModeRegistry.getIfExists(config.color.mode)) {
    problems.push(`no colour mode ${config.color.mode}`);
  }
  if (config.color?.fixedColor !== undefined) {
    problems.push(...ofColor(config.color.fixedColor, theme));
  }
  for (const mapping of config.mappings ?? []) {
    if (mapping.type !== MappingType.ValueToText) {
      problems.push(`a mapping of type ${mapping.type}`);
      continue;
    }
    const keys = Object.keys(mapping.options);
    const numbers = keys.every((key) => /^\d+$/.test(key));
    const type = numbers ? FieldType.number : FieldType.string;
    const values: (number | string)[] = numbers ? keys.map(Number) : keys;
    const [frame] = applyFieldOverrides({
      data: [{ length: values.length, fields: [{ name, type, config: {}, values }] }],
      fieldConfig: panel.fieldConfig,
      fieldConfigRegistry: registry,
      replaceVariables: (text) => text,
      theme,
    });
    for (const value of values) {
      const wanted = mapping.options[String(value)];
      const shown = frame.fields[0].display!(value);
      const color = colorManipulator.asHexString(theme.visualization.getColorByName(wanted.color ?? ""));
      problems.push(...ofColor(wanted.color ?? "", theme));
      if (formattedValueToString(shown) !== wanted.text || shown.color !== color) {
        problems.push(`${name} ${value} is shown as ${formattedValueToString(shown)} in ${shown.color}, not as`
          + ` ${wanted.text} in ${color}`);
      }
    }
  }
  return problems;
}

/** For a unit that it does not know, Grafana makes a new format each time: the unit as a suffix. */
function isUnit(unit: string): boolean {
  return /^(suffix|time):/.test(unit) || getValueFormat(unit) === getValueFormat(unit);
}

/** Grafana passes an unknown name on to the browser, which draws it black or not at all. */
function ofColor(name: string, theme: GrafanaTheme2): string[] {
  const color = theme.visualization.getColorByName(name);
  return /^(#|rgb)/.test(color) ? [] : [`no colour ${name}`];
}
