import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Stripped sources by their content: some hundred test processes load the same files, one after the other. */
const cache = fileURLToPath(new URL('../.tap/stripped/', import.meta.url))
mkdirSync(cache, { recursive: true })

/** Strips types from the workspace's own TypeScript; everything else goes to the next loader. */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:')) return nextLoad(url, context)
  const { pathname } = new URL(url) // not the URL: mocks append a query
  if (!pathname.endsWith('.ts') || pathname.includes('/node_modules/')) return nextLoad(url, context)
  return {
    format: 'module',
    shortCircuit: true,
    source: await strip(readFileSync(fileURLToPath(url), 'utf8')),
  }
}

async function strip(text) {
  const file = cache + createHash('sha256').update(text).digest('hex')
  try {
    return readFileSync(file, 'utf8')
  } catch {
    const { transformSync } = await import('@swc/wasm-typescript')
    const { code } = transformSync(text, { mode: 'strip-only' })
    // Under its name only when it is whole: another process may look for it at this moment.
    const part = `${file}.${process.pid}`
    writeFileSync(part, code)
    renameSync(part, file)
    return code
  }
}
