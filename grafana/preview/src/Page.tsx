import { type AnnotationEvent, type GrafanaTheme2, type TimeRange, dateTimeFormat } from "@grafana/data";
import { Icon, PanelChrome, useTheme2 } from "@grafana/ui";
import type { ComponentType, CSSProperties } from "react";
import type { Filled, Panel, Request, Scene } from "./model";
import { Graph } from "./panels/Graph";
import { Grid } from "./panels/Grid";
import { Stat } from "./panels/Stat";
import { Timeline } from "./panels/Timeline";
import type { Drawn } from "./panels/drawn";

const GAP = 8;
const ROW = 30;
const EDGE = 16;

const KINDS: Record<string, ComponentType<Drawn>> = {
  stat: Stat,
  table: Grid,
  timeseries: Graph,
  "state-timeline": Timeline,
};

export function Page({ request, scene }: { request: Request; scene: Scene }) {
  const theme = useTheme2();
  const { dashboard } = request;
  const column = (request.width - 2 * EDGE + GAP) / 24;
  const bottom = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const place = ({ gridPos: { x, y, w, h } }: Panel): CSSProperties => ({
    position: "absolute",
    left: x * column,
    top: y * (ROW + GAP),
    width: w * column - GAP,
    height: h * (ROW + GAP) - GAP,
  });
  const byId = new Map(scene.filled.map((one) => [one.panel.id, one]));
  return (
    <div style={{ width: request.width, padding: EDGE, background: theme.colors.background.canvas }}>
      <Header request={request} scene={scene} />
      <div style={{ position: "relative", height: bottom * (ROW + GAP) }}>
        {dashboard.panels.map((panel) => (
          <div data-kind={panel.type} data-title={panel.title} key={panel.id} style={place(panel)}>
            {panel.type === "row" ? (
              <RowTitle title={panel.title} />
            ) : (
              <Framed box={place(panel)} filled={byId.get(panel.id)!} marks={scene.marks} range={scene.range} />
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

function Header({ request, scene }: { request: Request; scene: Scene }) {
  const theme = useTheme2();
  const format = "YYYY-MM-DD HH:mm:ss";
  const [from, to] = [scene.range.from, scene.range.to].map((at) => dateTimeFormat(at, { format, timeZone: "utc" }));
  return (
    <>
      <div style={{ display: "flex", gap: 8, marginBottom: 16, color: theme.colors.text.secondary }}>
        <span style={{ flex: 1 }}>
          Dashboards <Icon name="angle-right" /> leverwatch <Icon name="angle-right" />{" "}
          <span style={{ color: theme.colors.text.primary }}>{request.dashboard.title}</span>
        </span>
        <Icon name="clock-nine" />
        {from} to {to} UTC
      </div>
      <div style={{ display: "flex", gap: 8, marginBottom: 16 }}>
        {scene.choices.map(({ label, text }) => (
          <span key={label} style={{ display: "flex" }}>
            <span style={{ ...control(theme), background: theme.colors.background.secondary, fontWeight: 500 }}>
              {label}
            </span>
            <span style={{ ...control(theme), borderLeft: 0, minWidth: 90 }}>
              {text} <Icon name="angle-down" />
            </span>
          </span>
        ))}
        <span style={{ flex: 1 }} />
        {request.dashboard.links.map(({ title, type }) => (
          <span key={title} style={{ ...control(theme), background: theme.colors.secondary.main }}>
            <Icon name={type === "dashboards" ? "bars" : "file-alt"} /> {title}
          </span>
        ))}
      </div>
    </>
  );
}

function control(theme: GrafanaTheme2): CSSProperties {
  return {
    border: `1px solid ${theme.components.input.borderColor}`,
    background: theme.components.input.background,
    fontSize: theme.typography.bodySmall.fontSize,
    padding: "6px 8px",
    whiteSpace: "nowrap",
  };
}

function RowTitle({ title }: { title: string }) {
  const theme = useTheme2();
  return (
    <div style={{ fontSize: theme.typography.h5.fontSize, fontWeight: theme.typography.fontWeightMedium }}>
      <Icon name="angle-down" /> {title}
    </div>
  );
}

interface Framing {
  filled: Filled;
  box: CSSProperties;
  range: TimeRange;
  marks: AnnotationEvent[];
}

function Framed({ filled, box, range, marks }: Framing) {
  const { panel, frames } = filled;
  const Kind = KINDS[panel.type];
  const [width, height] = [Number(box.width), Number(box.height)];
  const padding = panel.type === "table" ? "none" : "md";
  const empty = frames.every((frame) => frame.length === 0);
  return (
    <PanelChrome description={panel.description} height={height} padding={padding} title={panel.title} width={width}>
      {(innerWidth, innerHeight) =>
        empty && panel.type !== "stat" ? (
          <Empty text={panel.fieldConfig.defaults.noValue ?? "No data"} />
        ) : (
          <Kind {...filled} height={innerHeight} marks={marks} range={range} width={innerWidth} />
        )
      }
    </PanelChrome>
  );
}

/** As Grafana shows a panel without values. */
function Empty({ text }: { text: string }) {
  const theme = useTheme2();
  const style = { ...center, color: theme.colors.text.secondary, fontSize: theme.typography.size.lg };
  return <div style={style}>{text}</div>;
}

const center: CSSProperties = {
  alignItems: "center",
  display: "flex",
  height: "100%",
  justifyContent: "center",
  textAlign: "center",
};
