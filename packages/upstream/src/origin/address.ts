/** Where an origin is, parsed. */
export interface OriginAddress {
  /** `http://10.0.0.1:8080`, or `unix:/run/orders.sock`: how it is called in stats. */
  readonly label: string
  /** `10.0.0.1:8080`, or the path of the socket: unique in its upstream, part of its breaker's name. */
  readonly id: string
  /** What HTTP believes to talk to: it gives `Host`, TLS server name and port. */
  readonly url: URL
  readonly socketPath: string | undefined
  /** Connect here instead of asking the resolver for the host of `url`. */
  readonly address: string | undefined
}

/** What {@link parseAddress} accepts, for error messages. */
export const EXPECTED_ORIGIN =
  'an origin such as http://10.0.0.1:8080, https://api.example.com or unix:/run/orders.sock, without credentials, path, query or fragment'

/** `http`, `https`, `unix:/path`, `http+unix://%2Fpath` or `https+unix://…`; undefined for anything else. */
export function parseAddress(text: string): OriginAddress | undefined {
  if (/^unix:/i.test(text)) {
    return socketAddress('http:', text.slice('unix:'.length).replace(/^\/\/(?=\/)/, ''))
  }
  const [, scheme, path] = /^(https?)\+unix:\/\/(.*)$/is.exec(text) ?? []
  if (scheme !== undefined) return socketAddress(`${scheme}:`, decode(path as string))
  // The URL parser drops tabs and line breaks and mends what is no host: none of that belongs in a configuration.
  if (!/^https?:\/\/[^\s\\/?#@]+\/?$/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  if (port === '0') return undefined
  return { label: url.origin, id: `${url.hostname}:${port}`, url, socketPath: undefined, address: undefined }
}

/** The same origin at one of its host's addresses; `Host` and TLS server name stay those of the name. */
export function atAddress(origin: OriginAddress, address: string): OriginAddress {
  const host = address.includes(':') ? `[${address}]` : address
  const port = origin.id.slice(origin.id.lastIndexOf(':') + 1)
  return { ...origin, label: `${origin.url.protocol}//${host}:${port}`, id: `${host}:${port}`, address }
}

function socketAddress(protocol: string, path: string | undefined): OriginAddress | undefined {
  if (path === undefined || !path.startsWith('/') || path.endsWith('/') || path.includes('\0'))
    return undefined
  return {
    label: `unix:${path}`,
    id: path,
    url: new URL(`${protocol}//localhost`),
    socketPath: path,
    address: undefined,
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
