import { readFileSync } from 'node:fs'

function read(name: string): string {
  return readFileSync(new URL(`${name}.pem`, import.meta.url), 'utf8')
}

/** A test authority and what it has signed: `server` for localhost and 127.0.0.1, `client` for nobody in particular. */
export const ca: string = read('ca')
export const server: { key: string; cert: string } = { key: read('server-key'), cert: read('server') }
export const client: { key: string; cert: string } = { key: read('client-key'), cert: read('client') }
