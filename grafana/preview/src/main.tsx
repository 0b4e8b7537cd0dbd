import { ThemeContext, createTheme } from "@grafana/data";
import { initPluginTranslations } from "@grafana/i18n";
import { GlobalStyles, PortalContainer } from "@grafana/ui";
import { createRoot } from "react-dom/client";
import { Page } from "./Page";
import { check } from "./check";
import { registerTransformations } from "./fields";
import { fill } from "./fill";
import type { Request } from "./model";

declare global {
  interface Window {
    /** What is to be drawn; set before the page loads. */
    request: Request;
    /** Set when the page is drawn, or cannot be. */
    result?: { problems: string[] };
    __grafana_public_path__: string;
  }
}

async function draw(request: Request): Promise<string[]> {
  window.__grafana_public_path__ = "/public/";
  await initPluginTranslations("preview", []);
  registerTransformations();
  const theme = createTheme({ colors: { mode: request.theme } });
  const problems = check(request.dashboard, theme);
  if (problems.length) {
    return problems;
  }
  const scene = await fill(request, theme);
  createRoot(document.getElementById("root")!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Page request={request} scene={scene} />
      <PortalContainer />
    </ThemeContext.Provider>,
  );
  return [];
}

draw(window.request).then(
  (problems) => (window.result = { problems }),
  (error: unknown) => (window.result = { problems: [String(error instanceof Error ? error.stack : error)] }),
);
