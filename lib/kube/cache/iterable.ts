/** What can be gone through any number of times. An iterator, such as `Map.values()` gives, is used up by the first who goes through it: kept in a value, it is empty for the second. */
export function iterable<T>(iterator: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: iterator };
}
