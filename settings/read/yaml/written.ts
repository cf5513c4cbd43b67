import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from "yaml";
import { type Shape, shapesInside, takesType } from "../../schema/shape.ts";

/** Numbers and booleans that every YAML reader reads in the same way, unlike 0600 or 0x1F. */
const agreed =
  /^([-+]?(0|[1-9]\d*|(0|[1-9]\d*)?\.\d+|(0|[1-9]\d*)\.)([eE][-+]?\d+)?|true|True|TRUE|false|False|FALSE)$/;

/** Sets an unquoted scalar to its text as written, unless its key takes a number or a boolean in that form. */
function settle(scalar: Scalar, shapes: readonly Shape[]): void {
  const { value, source } = scalar;
  if (source === undefined || scalar.type !== "PLAIN") return;
  if (typeof value !== "number" && typeof value !== "boolean") return;
  const takes = (type: string) => shapes.some((shape) => takesType(shape, type));
  const isExact = String(value) === source;
  const fits = typeof value === "boolean" ? takes("boolean") : takes("number") || takes("integer");
  if (
    takes("string")
      ? fits && isExact
      : agreed.test(source) && (!Number.isInteger(value) || Number.isSafeInteger(value))
  )
    return;
  scalar.value = source;
}

/**
 * Sets the texts of a document as they are written, since the versions of YAML read 0600, 1e3 or 2024-01-01 in different
 * ways. Keys are always texts.
 * @param shapes shapes that the node may have
 */
export function keepWritten(node: ParsedNode | null, shapes: readonly Shape[]): void {
  if (node === null || isAlias(node)) return;
  if (isScalar(node)) settle(node, shapes);
  if (isSeq(node))
    for (const [at, item] of node.items.entries()) keepWritten(item as ParsedNode, shapesInside(shapes, at));
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    if (isScalar(key) && key.type === "PLAIN" && key.source !== undefined && typeof key.value !== "symbol") {
      key.value = key.source;
    }
    const name = isScalar(key) ? String(key.source ?? key.value) : "";
    keepWritten(value as ParsedNode | null, name === "<<" ? shapes : shapesInside(shapes, name));
  }
}
