import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export interface Asset {
  readonly type: string
  readonly body: Buffer
  readonly gzipped: Buffer
}

export interface Assets {
  /** Changes with any of them: the files under it can be cached for good. */
  readonly version: string
  get(file: string): Asset | undefined
}

/** What the page consists of: `public/`, its compiled scripts, and Chart.js from its npm package. */
export function loadAssets(): Assets {
  const chart = createRequire(import.meta.url).resolve('chart.js')
  const files = new Map([
    ...filesOf(fileURLToPath(new URL('../../public/', import.meta.url))),
    ...filesOf(fileURLToPath(new URL('../../dist/client/', import.meta.url))),
    ['chart.umd.min.js', join(dirname(chart), 'chart.umd.min.js')] as const,
  ])
  const hash = createHash('sha256')
  const assets = new Map<string, Asset>()
  for (const [file, path] of files) {
    const body = readFileSync(path)
    hash.update(file).update(body)
    assets.set(file, { type: types[extname(file)] as string, body, gzipped: gzipSync(body) })
  }
  return { version: hash.digest('hex').slice(0, 16), get: (file) => assets.get(file) }
}

function filesOf(folder: string): (readonly [string, string])[] {
  return readdirSync(folder)
    .filter((file) => extname(file) in types)
    .map((file) => [file, join(folder, file)] as const)
}
