import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/wasm-typescript'

/** Strips types from the workspace's own TypeScript; everything else goes to the next loader. */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:')) return nextLoad(url, context)
  const { pathname } = new URL(url) // not the URL: mocks append a query
  if (!pathname.endsWith('.ts') || pathname.includes('/node_modules/')) return nextLoad(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  return { format: 'module', shortCircuit: true, source: transformSync(text, { mode: 'strip-only' }).code }
}
