/** What a route asks of a key. Both may be given; both must then hold. */
export interface ScopeRule {
  /** Each of these. */
  readonly allOf: readonly string[]
  /** At least one of these; nothing is asked when empty. */
  readonly anyOf: readonly string[]
}

/** Whether `granted` (`orders:read`, `orders:*`, `*`) covers one scope. */
function grants(granted: readonly string[], scope: string): boolean {
  return granted.some(
    (grant) =>
      grant === scope || grant === '*' || (grant.endsWith(':*') && scope.startsWith(grant.slice(0, -1))),
  )
}

export function satisfies(granted: readonly string[], rule: ScopeRule): boolean {
  return (
    rule.allOf.every((scope) => grants(granted, scope)) &&
    (rule.anyOf.length === 0 || rule.anyOf.some((scope) => grants(granted, scope)))
  )
}
