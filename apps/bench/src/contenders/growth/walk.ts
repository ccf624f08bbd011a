/** A walk over `size` places that no processor foresees, the same each time. */
export function walk(size: number): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % size
  }
}
