import debuggable from "@pulumi/pulumi/runtime/debuggable.js";

/**
 * Spares Pulumi's promises their stack traces, which took half of the program's CPU time. Only PULUMI_DEBUG_PROMISE_LEAKS prints them.
 * Errors keep theirs, but without source maps: type stripping keeps lines and columns.
 */

/** What the module's types leave out. */
interface Debuggable {
  readonly debugPromiseLeaks: boolean;
  readonly debuggablePromise: <Value>(promise: Promise<Value>, context?: string) => Promise<Value>;
}

Reflect.deleteProperty(Error, "prepareStackTrace");

const { debuggablePromise, debugPromiseLeaks } = debuggable as unknown as Debuggable;

function withoutTrace<Value>(promise: Promise<Value>, context?: string): Promise<Value> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return debuggablePromise(promise, context);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

if (!debugPromiseLeaks) Object.assign(debuggable, { debuggablePromise: withoutTrace });
