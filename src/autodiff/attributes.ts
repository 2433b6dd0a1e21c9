/** Reads an attribute of a recorded operation by name; the caller knows its type. */
export function readAttribute<Value>(attributes: object, name: string): Value {
  return (attributes as Record<string, Value>)[name];
}
