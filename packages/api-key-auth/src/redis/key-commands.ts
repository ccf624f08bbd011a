import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'

/** The scripts in `lua/`, one method each; what their keys and arguments are stands at the head of each file. */
export interface KeyCommands {
  sluiceFindKey(records: string, hashes: string, hash: string): Promise<string | null>
  sluicePutKey(
    records: string,
    hashes: string,
    consumer: string,
    id: string,
    json: string,
    revision: number,
    channel: string,
    hash: string,
    previous: string,
  ): Promise<0 | 1>
  sluiceRemoveKey(
    records: string,
    hashes: string,
    consumer: string,
    used: string,
    id: string,
    channel: string,
  ): Promise<0 | 1>
  sluiceTouchKeys(records: string, used: string, ttlMs: number, ...uses: (string | number)[]): Promise<number>
}

const scripts: Readonly<Record<keyof KeyCommands, { file: string; numberOfKeys: number }>> = {
  sluiceFindKey: { file: 'find-key', numberOfKeys: 2 },
  sluicePutKey: { file: 'put-key', numberOfKeys: 3 },
  sluiceRemoveKey: { file: 'remove-key', numberOfKeys: 4 },
  sluiceTouchKeys: { file: 'touch-keys', numberOfKeys: 2 },
}

/** The client with our scripts as commands; ioredis sends each by its SHA, and whole where the server lacks it. */
export function keyCommands(redis: Redis | Cluster): KeyCommands {
  for (const [name, { file, numberOfKeys }] of Object.entries(scripts)) {
    if (name in redis) continue
    const lua = readFileSync(new URL(`../../lua/${file}.lua`, import.meta.url), 'utf8')
    redis.defineCommand(name, { numberOfKeys, lua })
  }
  return redis as unknown as KeyCommands
}
