import type { Dispatcher } from 'undici'

/** A handler for `dispatch` that gathers the answer and hands it over whole. */
export function collect(
  done: (status: number, headers: Record<string, string | string[]>, body: Buffer) => void,
  failed: (error: Error) => void,
): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = []
  let status = 0
  let headers: Record<string, string | string[]> = {}
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode, fields) {
      status = statusCode
      headers = fields as typeof headers
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk)
    },
    onResponseEnd() {
      done(status, headers, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
    },
    onResponseError(_controller, error) {
      failed(error)
    },
  }
}
