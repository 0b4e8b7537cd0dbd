// Prints what the types of one release of @grafana/schema say of a dashboard and of the panels that leverwatch has, as JSON:
//
//     node shapes.mjs FOLDER MAJOR
//
// FOLDER has node_modules with that release and TypeScript. `python -m tests.grafana.schemas` runs it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';

const [folder, major] = [process.argv[2], Number(process.argv[3])];
const ts = createRequire(join(folder, 'x.js'))('typescript');

// The package of Grafana 9 has the parts of which panels are made, and not the panels: these are put together as its own are.
const OF_NINE = `
  interface stat_options extends s.SingleStatBaseOptions
    { colorMode: s.BigValueColorMode; graphMode: s.BigValueGraphMode; justifyMode: s.BigValueJustifyMode; textMode: s.BigValueTextMode }
  interface table_options
    { frameIndex: number; showHeader: boolean; showTypeIcons?: boolean; sortBy?: s.TableSortByFieldState[]; footer?: s.TableFooterOptions;
      cellHeight?: s.TableCellHeight }
  interface timeseries_options extends s.OptionsWithTimezones { legend: s.VizLegendOptions; tooltip: s.VizTooltipOptions }
  interface timeline_options extends s.OptionsWithLegend, s.OptionsWithTooltip, s.OptionsWithTimezones
    { showValue: s.VisibilityMode; rowHeight: number; mergeValues?: boolean; alignValue?: s.TimelineValueAlignment }
  interface timeline_custom extends s.HideableFieldConfig { lineWidth?: number; fillOpacity?: number }
  type table_custom = s.TableFieldOptions; type timeseries_custom = s.GraphFieldConfig;`;
const path = (panel, file) => `./node_modules/@grafana/schema/dist/esm/raw/composable/${panel}/panelcfg/x/${file}PanelCfg_types.gen`;
const SINCE = `
  import * as stat from '${path('stat', 'Stat')}';
  import * as table from '${path('table', 'Table')}';
  import * as timeseries from '${path('timeseries', 'TimeSeries')}';
  import * as timeline from '${path('statetimeline', 'StateTimeline')}';
  type stat_options = stat.Options; type table_options = table.Options; type timeseries_options = timeseries.Options;
  type timeline_options = timeline.Options; type table_custom = table.FieldConfig;
  type timeseries_custom = timeseries.FieldConfig; type timeline_custom = timeline.FieldConfig;`;
const entry = join(folder, 'entry.ts');
writeFileSync(
  entry,
  `import * as s from '@grafana/schema';
  ${major < 10 ? OF_NINE : SINCE}
  export interface Roots {
    dashboard: Omit<s.Dashboard, 'panels' | 'templating' | 'annotations' | 'links'>; link: s.DashboardLink;
    variable: s.VariableModel; annotation: s.AnnotationQuery; row: Omit<s.RowPanel, 'panels'>;
    panel: Omit<s.Panel, 'fieldConfig' | 'options' | 'transformations' | 'links'>; field: s.FieldConfig;
    matcher: s.MatcherConfig; transformation: s.DataTransformerConfig;
    options: { stat: stat_options; table: table_options; timeseries: timeseries_options; 'state-timeline': timeline_options };
    custom: { table: table_custom; timeseries: timeseries_custom; 'state-timeline': timeline_custom };
  }`
);
const program = ts.createProgram([entry], {
  module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, strict: true, skipLibCheck: true, noEmit: true, types: [],
});
const wrong = ts.getPreEmitDiagnostics(program);
if (wrong.length > 0) {
  process.stderr.write(ts.formatDiagnostics(wrong, { getCanonicalFileName: (f) => f, getCurrentDirectory: () => folder, getNewLine: () => '\n' }));
  process.exit(1);
}
const checker = program.getTypeChecker();
const F = ts.TypeFlags;

function shape(type, depth = 0) {
  if (depth > 8 || type.flags & (F.Any | F.Unknown | F.Never)) return 'any';
  if (type.isUnion()) {
    const parts = type.types.filter((one) => !(one.flags & F.Undefined));
    const literals = parts.filter((one) => one.flags & (F.StringLiteral | F.NumberLiteral));
    // A boolean is the union of its two values.
    const others = parts.filter((one) => !literals.includes(one)).map((one) => shape(one, depth + 1));
    if (literals.length > 0) others.unshift({ values: literals.map((one) => one.value).sort() });
    const different = [...new Map(others.map((one) => [JSON.stringify(one), one])).values()];
    return different.length === 1 ? different[0] : { either: different };
  }
  if (type.flags & (F.StringLiteral | F.NumberLiteral)) return { values: [type.value] };
  if (type.flags & F.StringLike) return 'string';
  if (type.flags & F.NumberLike) return 'number';
  if (type.flags & F.BooleanLike) return 'boolean';
  if (type.flags & F.Null) return 'null';
  if (checker.isArrayType(type) || checker.isTupleType(type)) {
    const held = checker.getTypeArguments(type);
    return { list: held.length > 0 ? shape(held[0], depth + 1) : 'any' };
  }
  const has = {};
  for (const property of checker.getPropertiesOfType(type)) {
    has[property.name] = shape(checker.getTypeOfSymbol(property), depth + 1);
  }
  const more = checker.getIndexInfosOfType(type)[0];
  if (more !== undefined) return { has, more: shape(more.type, depth + 1) };
  return Object.keys(has).length > 0 ? { has } : 'any';
}

const source = program.getSourceFile(entry);
const roots = source.statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === 'Roots');
process.stdout.write(JSON.stringify(shape(checker.getTypeAtLocation(roots)).has));
