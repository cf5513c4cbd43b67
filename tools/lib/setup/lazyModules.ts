import Module from "node:module";

/**
 * Makes Node.js import modules of `@pulumi/pulumi` and its own only when a program uses them: a compiler, an npm client, and
 * OpenTelemetry. Commands, their Pulumi program and its dynamic provider use none, and importing them took a third of a start.
 * `tools/run` has each process of Node.js import this file first. Without effect on other packages, and on a module that is named differently.
 */

type Load = (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;

/** The loader of CommonJS modules, by the method that Node.js calls for each `require`. */
const loader = Module as unknown as { _load: Load };

const telemetry = [
  "exporter-zipkin",
  "instrumentation",
  "instrumentation-grpc",
  "resources",
  "sdk-trace-base",
  "sdk-trace-node",
];

/** Requests of modules that are imported at the first look at one of their names. */
const lazy = new Set([
  "./typescript-shim",
  "../../typescript-shim",
  "@npmcli/arborist",
  ...telemetry.map((name) => `@opentelemetry/${name}`),
]);

const load = loader._load;

/** Stands for a module until one of its names is looked at. */
function standIn(real: () => unknown): object {
  const get = (_: object, name: string | symbol) =>
    // Keeps TypeScript's imports from copying all names.
    name === "__esModule" ? true : Reflect.get(Object(real()), name);
  return new Proxy({}, { get });
}

loader._load = (request, parent, isMain) => {
  const real = () => load.call(Module, request, parent, isMain);
  // Leaves other programs alone, such as npm, which commands run, too.
  if (!parent?.filename?.includes("/node_modules/@pulumi/pulumi/")) return real();
  // Would turn on the debugger at each start, in case a function is serialized: that slows imports, and invalidates compiled code.
  if (request === "../../runtime/closure/v8Hooks") return { isInitializedAsync: async () => {} };
  // Would parse source maps of Pulumi's own files at the first stack trace, which it notes for each resource.
  if (request === "source-map-support/register") return {};
  return lazy.has(request) ? standIn(real) : real();
};
