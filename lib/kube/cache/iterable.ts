/** An iterable that can be iterated any number of times. An iterator, such as `Map.values()`, is empty the second time. */
export function iterable<T>(iterator: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: iterator };
}
