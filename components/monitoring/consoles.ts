import type { Values } from "../../workload.ts";
import { type Dashboard, dashboards, type Panel } from "./dashboards.ts";

const scripts = ["jquery/jquery.min.js", "d3/d3.min.js", "rickshaw/rickshaw.min.js", "js/prom_console.js"];
const styles = ["bootstrap4/css/bootstrap.min.css", "rickshaw/rickshaw.min.css", "css/prom_console.css"];

/** Controls of Prometheus' console library that choose the period to show. Graphs load again every 30 s, also after an error. */
const time = `<p>
<button id="prom_graph_duration_shrink">-</button><input id="prom_graph_duration" size="4"><button id="prom_graph_duration_grow">+</button>
<button id="prom_graph_time_back">&lt;</button><input id="prom_graph_time_end" size="16" placeholder="now"><button id="prom_graph_time_forward">&gt;</button>
<button id="prom_graph_refresh_button">refresh</button> automatically: <span id="prom_graph_refresh_button_value"></span>
</p><div id="prom_graph_refresh_intervals" hidden></div>
<script>new PromConsole.TimeControl().setRefresh("30s")</script>`;

const formats = { s: "humanizeNoSmallPrefix", bytes: "humanize1024", percent: "humanize" } as const;
const units = { s: "s", bytes: "B", percent: "%" } as const;

/** Names the file of a dashboard; Prometheus links to `index.html`. */
function pageFile(name: string): string {
  return `${name === "overview" ? "index" : name}.html`;
}

/** Renders a panel; `[[label]]` stands for a label in the name of a line. */
function graph({ title, lines, unit }: Panel, at: number): string {
  const format = unit ? formats[unit] : "humanizeNoSmallPrefix";
  const options = {
    expr: lines.map(([expr]) => expr),
    name: lines.map(([, name]) => name.replace(/\{\{(\w+)\}\}/g, "[[$1]]")),
    renderer: "line",
    min: 0,
    yUnits: unit ? units[unit] : "",
    yTitle: "",
    height: 180,
    duration: 3600,
  };
  return `<div class="col-lg-6"><h5>${title}</h5><div id="panel${at}"></div></div>
<script>new PromConsole.Graph({...${JSON.stringify(options)}, node: document.getElementById("panel${at}"),
yAxisFormatter: PromConsole.NumberFormatter.${format}, yHoverFormatter: PromConsole.NumberFormatter.${format}})</script>`;
}

/** Renders a dashboard as a console template of Prometheus. */
function page({ title, panels }: Dashboard): string {
  const from = (path: string) => `{{ pathPrefix }}/classic/static/${path}`;
  const links = Object.entries(dashboards).map(
    ([name, one]) => `<a href="${pageFile(name)}">${one.title}</a>`,
  );
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<script>var PATH_PREFIX = "{{ pathPrefix }}"</script>
${styles.map((path) => `<link rel="stylesheet" href="${from(path)}">`).join("\n")}
${scripts.map((path) => `<script src="${from(path)}"></script>`).join("\n")}
</head><body class="container-fluid">
<p>${links.join(" · ")} · <a href="{{ pathPrefix }}/classic/alerts">Alerts</a></p>
<h4>${title}</h4>
${time}
<div class="row">
${panels.map(graph).join("\n")}
</div></body></html>
`;
}

/** Renders all dashboards as console templates, by path. */
export function consoles(folder: string): Values {
  const pages = Object.entries(dashboards).map(([name, one]) => [`${folder}/${pageFile(name)}`, page(one)]);
  return Object.fromEntries(pages);
}
