const storageKey = 'sluice-api-key'

/** The gateway wants a key, or another one. */
export class SignInNeeded extends Error {}

/** An answer that says what went wrong (RFC 9457). */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

/** Requests to the gateway, with the API key if one was given. It stays in this tab and ends with it. */
export class Session {
  readonly #keyHeader: string

  constructor(keyHeader: string) {
    this.#keyHeader = keyHeader
  }

  get hasKey(): boolean {
    return sessionStorage.getItem(storageKey) !== null
  }

  signIn(key: string): void {
    sessionStorage.setItem(storageKey, key)
  }

  signOut(): void {
    sessionStorage.removeItem(storageKey)
  }

  get<T>(path: string): Promise<T> {
    return this.#request<T>(path, { method: 'GET' })
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.#request<T>(path, { method: 'POST', body: JSON.stringify(body) })
  }

  /** @throws SignInNeeded, Refused; TypeError when nothing answers */
  async #request<T>(path: string, init: RequestInit): Promise<T> {
    const headers = new Headers({ accept: 'application/json' })
    const key = sessionStorage.getItem(storageKey)
    if (key !== null) headers.set(this.#keyHeader, key)
    if (init.body !== undefined) headers.set('content-type', 'application/json')
    const response = await fetch(path, { ...init, headers, cache: 'no-store' })
    if (response.status === 401) throw new SignInNeeded()
    if (!response.ok) throw new Refused(response.status, await detailOf(response))
    return (await response.json()) as T
  }
}

async function detailOf(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { detail?: string }
    return detail ?? response.statusText
  } catch {
    return `${response.status} ${response.statusText}`
  }
}
