import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FleetCommand } from '../fleet/fleet-store.ts'
import type { RedisClient } from './redis-client.ts'

interface Script {
  readonly lua: string
  readonly sha: string
}

const types = ['beat', 'vote', 'lease', 'settle', 'control', 'pause', 'assert', 'standings'] as const

/** What reads, and tells nothing. */
export interface StandingsQuery {
  readonly type: 'standings'
}

/** The scripts in `lua/`, read once by whoever joins a fleet. */
export class FleetScripts {
  readonly #scripts: ReadonlyMap<string, Script>

  constructor() {
    const verdicts = readLua('verdicts')
    this.#scripts = new Map(
      types.map((type) => {
        const lua = verdicts + readLua(type)
        return [type, { lua, sha: createHash('sha1').update(lua).digest('hex') }]
      }),
    )
  }

  /** Sends the script by its hash, and whole where the server lacks it. */
  async run(
    redis: RedisClient,
    keys: readonly string[],
    command: FleetCommand | StandingsQuery,
  ): Promise<string> {
    const { lua, sha } = this.#scripts.get(command.type)!
    const { type: _, ...fields } = command
    const publish = redis.isCluster ? 'SPUBLISH' : 'PUBLISH'
    const parameters = [keys.length, ...keys, publish, JSON.stringify(fields)]
    try {
      return String(await redis.call('EVALSHA', [sha, ...parameters]))
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return String(await redis.call('EVAL', [lua, ...parameters]))
    }
  }
}

function readLua(file: string): string {
  return readFileSync(new URL(`../../lua/${file}.lua`, import.meta.url), 'utf8')
}
