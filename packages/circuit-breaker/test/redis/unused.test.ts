import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { createFleet, type FleetOptions } from '../../src/redis/index.ts'
import { problemsOf } from '../problems.ts'

/** Modules that are loaded with this one: what it imports, types aside, and dynamic imports aside. */
function loadedWith(file: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(file.href)) return seen
  seen.add(file.href)
  const source = readFileSync(file, 'utf8')
  for (const [, path = ''] of source.matchAll(/^(?:import|export) (?!type )[^'"]*?from '(\.[^']+)'/gms)) {
    loadedWith(new URL(path, file), seen)
  }
  return seen
}

test('nothing of the fleet is loaded where it is not used', (t) => {
  const used = [...loadedWith(new URL('../../src/redis/index.ts', import.meta.url))]
  t.ok(used.some((file) => file.endsWith('/fleet/fleet.ts')))
  const loaded = [...loadedWith(new URL('../../src/index.ts', import.meta.url))]
  t.ok(loaded.some((file) => file.endsWith('/plugin/circuit-breaker.ts')))
  t.same(
    loaded.filter((file) => file.includes('/redis/') || file.endsWith('/fleet/fleet.ts')),
    [],
  )
  t.end()
})

test('all that is wrong with the options is told at once', (t) => {
  const wrong = {
    redis: {},
    quorum: 2,
    minVotes: 0,
    instance: 'a b',
    prefix: '{x}',
    beatMs: 1,
    shards: 0,
    votes: 3,
  }
  t.same(
    problemsOf(() => createFleet(wrong as unknown as FleetOptions)).map(({ path }) => path),
    [
      'fleet.votes',
      'fleet.redis',
      'fleet.prefix',
      'fleet.shards',
      'fleet.quorum',
      'fleet.minVotes',
      'fleet.instance',
      'fleet.beatMs',
    ],
  )
  t.end()
})
