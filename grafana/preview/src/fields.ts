// What Grafana registers when it starts, and its components rely on: transformations and options of fields.
import {
  FieldConfigOptionsRegistry,
  type FieldConfigPropertyItem,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from "@grafana/data";

type Processor = FieldConfigPropertyItem["process"];

const STANDARD: Record<string, Processor> = {
  color: identityOverrideProcessor as Processor,
  decimals: numberOverrideProcessor as Processor,
  displayName: displayNameOverrideProcessor as Processor,
  links: dataLinksOverrideProcessor as Processor,
  mappings: valueMappingsOverrideProcessor as Processor,
  max: numberOverrideProcessor as Processor,
  min: numberOverrideProcessor as Processor,
  noValue: stringOverrideProcessor as Processor,
  thresholds: thresholdsOverrideProcessor as Processor,
  unit: unitOverrideProcessor as Processor,
};

const CUSTOM = [
  "align",
  "axisGridShow",
  "axisSoftMax",
  "cellOptions",
  "drawStyle",
  "fillOpacity",
  "filterable",
  "hideFrom",
  "inspect",
  "lineInterpolation",
  "lineStyle",
  "lineWidth",
  "minWidth",
  "scaleDistribution",
  "showPoints",
  "spanNulls",
  "stacking",
  "width",
  "wrapHeaderText",
];

function item(id: string, path: string, process: Processor, isCustom: boolean): FieldConfigPropertyItem {
  const nothing = () => null;
  return {
    id: isCustom ? `custom.${id}` : id,
    path,
    name: id,
    isCustom,
    process,
    shouldApply: () => true,
    editor: nothing,
    override: nothing,
  } as unknown as FieldConfigPropertyItem;
}

export const registry = new FieldConfigOptionsRegistry(() => [
  ...Object.entries(STANDARD).map(([id, process]) => item(id, id, process, false)),
  ...CUSTOM.map((id) => item(id, id, identityOverrideProcessor as Processor, true)),
]);

export function registerTransformations(): void {
  standardTransformersRegistry.setInit(() =>
    // Some have two names.
    [...new Map(Object.values(standardTransformers).map((one) => [one.id, one])).values()].map((one) => ({
      id: one.id,
      name: one.name,
      transformation: async () => one as any,
      editor: () => null,
      imageDark: "",
      imageLight: "",
    })),
  );
}
