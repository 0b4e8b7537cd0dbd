import { type FieldDisplay, getDisplayValueAlignmentFactors, getFieldDisplayValues } from "@grafana/data";
import { BigValue, VizRepeater, useTheme2 } from "@grafana/ui";
import type { Drawn } from "./drawn";

/** A figure for each series, as large as fits. */
export function Stat({ panel, frames, width, height }: Drawn) {
  const theme = useTheme2();
  const { options, fieldConfig } = panel;
  const values = () =>
    getFieldDisplayValues({
      fieldConfig,
      reduceOptions: options.reduceOptions,
      replaceVariables: (text) => text,
      theme,
      data: frames,
      sparkline: false,
      timeZone: "utc",
    });
  return (
    <VizRepeater<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>
      autoGrid
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      getValues={values}
      height={height}
      itemSpacing={3}
      orientation={options.orientation ?? "auto"}
      renderCounter={0}
      renderValue={({ value, alignmentFactors, width: w, height: h, count }) => (
        <BigValue
          alignmentFactors={alignmentFactors}
          colorMode={options.colorMode}
          count={count}
          graphMode={options.graphMode}
          height={h}
          textMode={options.textMode}
          theme={theme}
          value={value.display}
          width={w}
        />
      )}
      source={frames}
      width={width}
    />
  );
}
