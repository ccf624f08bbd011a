import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FleetCommand } from '../fleet/fleet-store.ts'
import type { RedisClient } from './redis-client.ts'

interface Script {
  readonly lua: string
  readonly sha: string
}

const files: Readonly<Record<FleetCommand['type'], string>> = {
  beat: 'beat',
  vote: 'vote',
  lease: 'lease',
  settle: 'settle',
  control: 'control',
  pause: 'pause',
  assert: 'assert',
}

/** The scripts in `lua/`, read once by whoever joins a fleet. */
export class FleetScripts {
  readonly #scripts: ReadonlyMap<string, Script>

  constructor() {
    const verdicts = readLua('verdicts')
    this.#scripts = new Map(
      Object.entries(files).map(([type, file]) => {
        const lua = verdicts + readLua(file)
        return [type, { lua, sha: createHash('sha1').update(lua).digest('hex') }]
      }),
    )
  }

  /** Sends the script by its hash, and whole where the server lacks it. */
  async run(redis: RedisClient, keys: readonly string[], command: FleetCommand): Promise<string> {
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
