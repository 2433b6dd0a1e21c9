/** Reads an attribute of a recorded operation by name; the caller knows its type. */
export function readAttribute<Value>(attributes: object, name: string): Value {
  return (attributes as Record<string, Value>)[name];
}

/** The indices of a gather or a scatterAdd. */
export function indicesOf(attributes: object): readonly number[] {
  return readAttribute(attributes, 'indices');
}

/** The axis of an operation along one axis. */
export function axisOf(attributes: object): number {
  return readAttribute(attributes, 'axis');
}
